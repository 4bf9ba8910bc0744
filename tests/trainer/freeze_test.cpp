// If these fail, "frozen" parts move, or a live setting acts at another update than the log says.
#include <ATen/ops/tensor.h>
#include <cmath>

#include "core/api/live_settings.h"
#include "core/text/token_file.h"
#include "core/train/engine.h"
#include "core/train/schedule.h"
#include "core/trainer/checkpoint_io.h"
#include "tests/kernels/helpers.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

class Freeze : public ::testing::Test {
  protected:
    Freeze() {
        config_.model = {.d_model = 16,
                         .n_layers = 2,
                         .n_heads = 2,
                         .vocab_size = 50,
                         .max_seq_len = 16,
                         .dropout = 0.0};
        config_.moe.experts = 8;
        config_.moe.top_k = 2;
        config_.moe.hops = {2};
        config_.moe.d_space = 4;
        config_.train.batch = 2;
        config_.train.seq_len = 16;
        config_.train.warmup = 1;
        config_.train.lr = 1e-2;
        config_.train.weight_decay = 0.1;
        auto writer = TokenFileWriter::create(dir_ / "t.tokens", 50);
        std::vector<int32_t> ids;
        for (int i = 0; i < 2000; ++i) ids.push_back((i * i + i / 7) % 50);
        EXPECT_TRUE(writer->append(ids).ok());
        EXPECT_TRUE(writer->finish("c", "t").ok());
        data_.emplace(*BatchSource::create(*TokenFile::open(dir_ / "t.tokens"), 2, 16, 42));
        engine_ = std::make_unique<Engine>(untrained(initial_model(config_, 42)));
    }

    void steps(int n) {
        for (int i = 0; i < n; ++i) ASSERT_TRUE(engine_->update(*data_, [] {}).ok());
    }
    std::map<std::string, std::pair<Group, at::Tensor>> copy() {
        std::map<std::string, std::pair<Group, at::Tensor>> out;
        engine_->state().model.weights.for_each(
            [&](const std::string& name, Group g, const at::Tensor& t) {
                out[name] = {g, t.clone()};
            });
        return out;
    }
    void order(const std::string& line) {
        auto command = parse_command(line);
        ASSERT_TRUE(command.ok()) << command.error().message;
        const auto status = engine_->apply(*command);
        ASSERT_TRUE(status.ok()) << status.error().message;
    }

    std::string refused(const std::string& line) {
        auto command = parse_command(line);
        if (!command) return command.error().message;
        const auto status = engine_->apply(*command);
        EXPECT_FALSE(status.ok()) << line;
        return status ? "" : status.error().message;
    }

    test::TempFolder dir_;
    Config config_;
    std::optional<BatchSource> data_;
    std::unique_ptr<Engine> engine_;
};

TEST_F(Freeze, AFrozenGroupStaysBitEqualAndTheOthersMove) {
    const std::map<std::string, std::set<Group>> parts = {
        {"router", {Group::router_projection, Group::centroids}},
        {"centroids", {Group::centroids}},
        {"projection", {Group::router_projection}},
        {"experts", {Group::experts}},
        {"attention", {Group::attention}},
        {"embedding", {Group::embedding}}};
    for (const auto& [what, groups] : parts) {
        steps(2);  // moments are warm: decay and momentum must not move a frozen tensor either
        order(R"({"command": "freeze", "what": ")" + what + "\"}");
        const auto before = copy();
        steps(3);
        for (const auto& [name, entry] : copy()) {
            const bool same = entry.second.equal(before.at(name).second);
            EXPECT_EQ(same, groups.count(entry.first) != 0) << what << ": " << name;
        }
        order(R"({"command": "unfreeze", "what": ")" + what + "\"}");
        const auto frozen = copy();
        steps(1);
        for (const auto& [name, entry] : copy())
            EXPECT_FALSE(entry.second.equal(frozen.at(name).second)) << name;
    }
}

TEST_F(Freeze, SingleExpertsStayBitEqual) {
    steps(2);
    order(R"({"command": "freeze", "what": "experts", "layer": 1, "experts": [2, 5]})");
    const auto before = engine_->state().model.weights.layers[1].down.clone();
    const auto other = engine_->state().model.weights.layers[0].down.clone();
    steps(3);
    const auto& now = engine_->state().model.weights.layers[1].down;
    for (int64_t e = 0; e < 8; ++e)
        EXPECT_EQ(now.select(0, e).equal(before.select(0, e)), e == 2 || e == 5) << "expert " << e;
    EXPECT_FALSE(other.equal(engine_->state().model.weights.layers[0].down));
}

TEST_F(Freeze, SomeLayersStayBitEqual) {
    steps(2);
    order(R"({"command": "freeze", "what": "centroids", "layers": [0]})");
    EXPECT_EQ(engine_->frozen(), std::vector<std::string>{"centroids of layer 0"});
    const auto before = copy();
    steps(2);
    for (const auto& [name, entry] : copy())
        EXPECT_EQ(entry.second.equal(before.at(name).second), name == "layers.0.router.centroids")
            << name;
    // All but one: what is lifted from a whole freeze leaves the rest frozen.
    order(R"({"command": "freeze", "what": "attention"})");
    order(R"({"command": "unfreeze", "what": "attention", "layer": 1})");
    EXPECT_EQ(engine_->frozen(),
              (std::vector<std::string>{"attention of layer 0", "centroids of layer 0"}));
    EXPECT_NE(refused(R"({"command": "freeze", "what": "router", "hops": 0})").find("leave hops"),
              std::string::npos);
    EXPECT_NE(refused(R"({"command": "freeze", "what": "router", "layer": 2})").find("0 … 1"),
              std::string::npos);
}

// Wrong if a resumed run trained what was frozen, or took a word that no part has for nothing.
TEST_F(Freeze, ACheckpointHoldsThePartsByTheirWords) {
    steps(1);
    for (const char* line : {R"({"command": "freeze", "what": "routing"})",
                             R"({"command": "freeze", "what": "attention"})",
                             R"({"command": "freeze", "what": "centroids", "layers": [1]})",
                             R"({"command": "freeze", "what": "projection", "layers": [0]})"})
        order(line);
    const Checkpoints checkpoints(dir_ / "checkpoints");
    ASSERT_TRUE(write_checkpoint(checkpoints, engine_->state()).ok());
    auto checkpoint = checkpoints.open(1);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    const std::string words = R"("frozen":["attention","routing"],"frozen_experts":{},)"
                              R"("frozen_layers":{"centroids":[1],"projection":[0]})";
    const size_t at = checkpoint->state_json.find(words);
    ASSERT_NE(at, std::string::npos) << checkpoint->state_json;
    const auto back = read_checkpoint(*checkpoint, config_, at::kCPU);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->frozen, engine_->state().frozen);
    EXPECT_EQ(back->frozen_layers, engine_->state().frozen_layers);
    checkpoint->state_json.replace(checkpoint->state_json.find("attention", at), 9, "attentions");
    const auto foreign = read_checkpoint(*checkpoint, config_, at::kCPU);
    ASSERT_FALSE(foreign.ok());
    EXPECT_NE(foreign.error().message.find("found \"attentions\", allowed routing, choices"),
              std::string::npos)
        << foreign.error().message;
}

TEST_F(Freeze, ASuppressedExpertGetsNoChoiceAndNoGradient) {
    auto state = engine_->state();
    state.model.config.train.weight_decay = 0;  // decay alone would move it
    engine_ = std::make_unique<Engine>(std::move(state));
    order(R"({"command": "suppress", "layer": 1, "expert": 3, "from_step": 0})");
    EXPECT_EQ(engine_->interventions(), std::vector<std::string>{"suppress: expert 3, layer 1"});
    const auto before = copy();
    steps(3);
    EXPECT_EQ(engine_->counts()[1][3], 0);
    EXPECT_GT(engine_->counts()[0][3], 0) << "layer 0 is not touched";
    const auto now = copy();
    for (const char* name :
         {"layers.1.experts.down", "layers.1.experts.up", "layers.1.router.centroids"})
        for (int64_t e = 0; e < 8; ++e) {
            const bool same = now.at(name).second[e].equal(before.at(name).second[e]);
            if (e == 3) {
                EXPECT_TRUE(same) << name;
            }
            if (engine_->counts()[1][size_t(e)] > 0) {
                EXPECT_FALSE(same) << name << " " << e;
            }
        }
    order(R"({"command": "clear"})");
    EXPECT_TRUE(engine_->interventions().empty());
    steps(3);
    EXPECT_GT(engine_->counts()[1][3], 0) << "it can be chosen again";
}

TEST_F(Freeze, InterventionsAddUpReplaceAndAreTakenBack) {
    const auto loss = [&](std::vector<std::string> lines) {
        auto state = engine_->state();
        for (auto* w : {&state.model.weights, &state.m, &state.v})
            *w = w->map([](Group, const at::Tensor& t) { return t.clone(); });
        Engine other(std::move(state));
        for (const auto& line : lines) EXPECT_TRUE(other.apply(*parse_command(line)).ok()) << line;
        Engine again(other.state());  // as a checkpoint brings it back
        EXPECT_EQ(again.interventions(), other.interventions());
        const auto record = again.update(*data_, [] {});
        EXPECT_TRUE(record.ok());
        return record->loss;
    };
    const std::string steer = R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 2})",
                      boost = R"({"command": "boost", "layer": 1, "expert": 2, "strength": 5})";
    const float none = loss({}), one = loss({steer}), two = loss({steer, boost});
    EXPECT_NE(none, one);
    EXPECT_NE(one, two);
    EXPECT_EQ(loss({steer, boost, R"({"command": "clear", "index": 1})"}), one);
    EXPECT_EQ(loss({steer, boost, R"({"command": "clear", "name": "boost"})"}), one);
    EXPECT_EQ(loss({steer, boost, R"({"command": "clear"})"}), none) << "bit for bit as without";
    EXPECT_EQ(loss({R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 9})", steer}), one)
        << "the newer strength replaces the older";
    for (const char* line : {R"({"command": "force", "layer": 0, "expert": 1})",
                             R"({"command": "knock_out", "layer": 0, "expert": "top"})",
                             R"({"command": "surgery", "layer": 0, "expert": 1, "with": "random"})",
                             R"({"command": "freeze", "what": "choices", "layers": [1]})",
                             R"({"command": "zero_experts", "layers": [0], "hops": 1})",
                             R"({"command": "zero_experts"})"}) {
        const float changed = loss({line});
        EXPECT_TRUE(std::isfinite(changed)) << line;
        if (parse_command(line)->kind == CommandKind::zero_experts) {
            EXPECT_NE(changed, none) << line;
        }
    }

    order(steer);
    EXPECT_NE(refused(R"({"command": "clear", "index": 1})").find("0 … 0"), std::string::npos);
    EXPECT_NE(refused(R"({"command": "clear", "name": "boost"})").find("steer"), std::string::npos);
    EXPECT_NE(
        refused(R"({"command": "steer", "layer": 5, "expert": 1, "lambda": 1})").find("layer 5"),
        std::string::npos);
    EXPECT_NE(refused(R"({"command": "boost", "layer": 0, "expert": 1, "strength": 1,
                          "tokens": [16, 20]})")
                  .find("0 … 15"),
              std::string::npos);
    order(R"({"command": "suppress", "layer": 0, "expert": 0, "neighbours": 6})");
    EXPECT_NE(refused(R"({"command": "set", "key": "top_k", "value": 3})").find("suppress"),
              std::string::npos);
}

TEST_F(Freeze, AMovedCentroidStandsWhereItWasPut) {
    steps(2);
    const auto second = engine_->state().v.layers[0].centroids.clone();
    order(R"({"command": "move_centroid", "layer": 0, "expert": 2, "to": [0, 3, 0, 0]})");
    const auto& state = engine_->state();
    EXPECT_TRUE(state.model.weights.layers[0].centroids[2].equal(
        at::tensor(at::ArrayRef<float>({0.0F, 3.0F, 0.0F, 0.0F}))));
    EXPECT_EQ(state.m.layers[0].centroids[2].abs().sum().item().toDouble(), 0.0);
    EXPECT_GT(state.m.layers[0].centroids[1].abs().sum().item().toDouble(), 0.0);
    EXPECT_TRUE(state.v.layers[0].centroids.equal(second));
    EXPECT_NE(refused(R"({"command": "move_centroid", "layer": 0, "expert": 2, "to": [1, 2]})")
                  .find("routing space has 4"),
              std::string::npos);
}

TEST_F(Freeze, EveryLiveKeyIsSetAndRefusedOutsideItsRange) {
    for (const LiveSetting& setting : live_settings()) {
        const double value = setting.value.type == ArgType::integer ? 1 : 0.5;
        const auto with = [&](double v) {
            return Command{CommandKind::set, {{"key", setting.value.name}, {"value", v}}};
        };
        const auto status = engine_->apply(with(value));
        ASSERT_TRUE(status.ok()) << status.error().message;
        Config expected = engine_->state().model.config;
        set_live_value(setting, expected, value);
        EXPECT_EQ(engine_->state().model.config, expected) << setting.key;
        const auto refused = engine_->apply(with(-1));
        ASSERT_FALSE(refused.ok()) << setting.key;
        EXPECT_NE(refused.error().message.find("set " + setting.value.name), std::string::npos)
            << refused.error().message;
        EXPECT_EQ(engine_->state().model.config, expected) << "a refused value changes nothing";
    }
    steps(1);
}

TEST_F(Freeze, ALiveSettingActsInThePassItself) {
    steps(1);
    Engine same(engine_->state().clone());
    order(R"({"command": "set", "key": "top_k", "value": 1})");
    Engine again(engine_->state().clone());  // as a checkpoint brings it back
    const auto loss = [&](Engine& engine) { return engine.update(*data_, [] {})->loss; };
    const float changed = loss(*engine_);
    EXPECT_EQ(changed, loss(again));
    EXPECT_NE(changed, loss(same));
}

TEST_F(Freeze, LiveSettingsAndRefusals) {
    order(R"({"command": "set", "key": "lr", "value": 0.0})");
    const auto before = copy();
    steps(1);
    for (const auto& [name, entry] : copy())
        EXPECT_TRUE(entry.second.equal(before.at(name).second)) << name;
    Command bad{CommandKind::set, {{"key", std::string("top_k")}, {"value", int64_t{99}}}};
    EXPECT_FALSE(engine_->apply(bad).ok());
    Command absent{CommandKind::freeze,
                   {{"what", std::string("experts")},
                    {"layer", int64_t{7}},
                    {"experts", std::vector<int64_t>{1}}}};
    EXPECT_FALSE(engine_->apply(absent).ok());
}

TEST(Schedule, FollowsTheContract) {
    TrainConfig t;
    t.lr = 1;
    t.warmup = 4;
    t.steps = 104;
    t.lr_min_ratio = 0.1;
    EXPECT_DOUBLE_EQ(learning_rate(t, 0), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate(t, 3), 1.0);
    EXPECT_DOUBLE_EQ(learning_rate(t, 4), 1.0);
    EXPECT_NEAR(learning_rate(t, 54), 0.55, 1e-12);
    EXPECT_NEAR(learning_rate(t, 104), 0.1, 1e-12);
    t.curriculum = {{0, 1}, {10, 2}, {20, 3}};
    std::set<int64_t> seen;
    for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(curriculum_hops(t, i), 1);
    for (int64_t i = 20; i < 80; ++i) seen.insert(curriculum_hops(t, i));
    EXPECT_EQ(seen, (std::set<int64_t>{1, 2, 3}));
    // A run that is gone on with draws what it would have drawn by the program it was begun with.
    t.seed = 42;
    t.curriculum = {{0, 4}};
    std::vector<int64_t> drawn;
    for (int64_t i = 0; i < 12; ++i) drawn.push_back(curriculum_hops(t, i));
    EXPECT_EQ(drawn, (std::vector<int64_t>{2, 3, 2, 3, 1, 2, 4, 3, 2, 1, 2, 1}));
}

}  // namespace
}  // namespace hopscope::core
