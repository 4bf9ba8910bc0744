// If these fail, "frozen" parts move, or a live setting acts at another update than the log says.
#include <ATen/ops/zeros_like.h>

#include "core/text/token_file.h"
#include "core/train/engine.h"
#include "core/train/schedule.h"
#include "tests/kernels/helpers.h"
#include "tests/train/run_helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::core;

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
        EngineState state;
        state.live = config_;
        state.weights = init_weights(config_, 42);
        const auto zeros = [](Group, const at::Tensor& t) { return at::zeros_like(t); };
        state.m = state.weights.map(zeros);
        state.v = state.weights.map(zeros);
        engine_ = std::make_unique<Engine>(std::move(state));
    }

    void steps(int n) {
        for (int i = 0; i < n; ++i) ASSERT_TRUE(engine_->update(*data_, [] {}).ok());
    }
    std::map<std::string, std::pair<Group, at::Tensor>> copy() {
        std::map<std::string, std::pair<Group, at::Tensor>> out;
        engine_->state().weights.for_each(
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

    test::TempRuns dir_;
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
    const auto before = engine_->state().weights.layers[1].down.clone();
    const auto other = engine_->state().weights.layers[0].down.clone();
    steps(3);
    const auto& now = engine_->state().weights.layers[1].down;
    for (int64_t e = 0; e < 8; ++e)
        EXPECT_EQ(now.select(0, e).equal(before.select(0, e)), e == 2 || e == 5) << "expert " << e;
    EXPECT_FALSE(other.equal(engine_->state().weights.layers[0].down));
}

TEST_F(Freeze, LiveSettingsAndRefusals) {
    order(R"({"command": "set", "key": "lr", "value": 0.0})");
    const auto before = copy();
    steps(1);
    for (const auto& [name, entry] : copy())
        EXPECT_TRUE(entry.second.equal(before.at(name).second)) << name;
    Command bad{"set", {{"key", std::string("top_k")}, {"value", int64_t{99}}}};
    EXPECT_FALSE(engine_->apply(bad).ok());
    Command absent{"freeze",
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
}

}  // namespace
