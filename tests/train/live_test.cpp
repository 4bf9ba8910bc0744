// If these fail, an intervention or a live setting does something else to training than its
// definition says, or acts at another update than the log says.
#include <ATen/ops/tensor.h>
#include <cmath>

#include "core/api/live_settings.h"
#include "tests/train/tiny_engine.h"

namespace hopscope::core {
namespace {

class Live : public test::TinyEngine {};

TEST_F(Live, ASuppressedExpertGetsNoChoiceAndNoGradient) {
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

TEST_F(Live, InterventionsAddUpReplaceAndAreTakenBack) {
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

// Wrong if whoever steers a run too far is told to change the learning rate alone.
TEST_F(Live, WhatActsIsNamedWhereTheLossIsLost) {
    config_.debug.nan_at_step = 1;
    engine_ = std::make_unique<Engine>(untrained(initial_model(config_, 42)));
    steps(1);
    order(R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 2})");
    const auto record = engine_->update(*data_, [] {});
    ASSERT_FALSE(record.ok());
    EXPECT_NE(record.error().message.find("take back what acts on the run: steer"),
              std::string::npos)
        << record.error().message;
}

TEST_F(Live, AMovedCentroidStandsWhereItWasPut) {
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

TEST_F(Live, EveryLiveKeyIsSetAndRefusedOutsideItsRange) {
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

TEST_F(Live, ALiveSettingActsInThePassItself) {
    steps(1);
    Engine same(engine_->state().clone());
    order(R"({"command": "set", "key": "top_k", "value": 1})");
    Engine again(engine_->state().clone());  // as a checkpoint brings it back
    const auto loss = [&](Engine& engine) { return engine.update(*data_, [] {})->loss; };
    const float changed = loss(*engine_);
    EXPECT_EQ(changed, loss(again));
    EXPECT_NE(changed, loss(same));
}

TEST_F(Live, AScaleThatLayersLearnGoesOnFromWhatIsSet) {
    config_.moe.learn_tau = true;
    engine_ = std::make_unique<Engine>(untrained(initial_model(config_, 42)));
    const auto scales = [](const Engine& engine) {
        std::vector<double> out;
        for (const auto& layer : engine.state().model.weights.layers)
            out.push_back(layer.tau.item().toDouble());
        return out;
    };
    steps(3);
    const auto learned = scales(*engine_);
    EXPECT_NE(learned[0], 30.0);
    order(R"({"command": "set", "key": "lr", "value": 0.02})");
    EXPECT_EQ(scales(*engine_), learned) << "another setting leaves it alone";
    Engine same(engine_->state().clone());
    order(R"({"command": "set", "key": "tau", "value": 5.0})");
    EXPECT_EQ(scales(*engine_), (std::vector<double>{5, 5}));
    Engine again(engine_->state().clone());
    EXPECT_NE(engine_->update(*data_, [] {})->loss, same.update(*data_, [] {})->loss);
    steps(1);
    for (const double scale : scales(*engine_)) EXPECT_NE(scale, 5.0) << "it is learned on";
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(again.update(*data_, [] {}).ok());
    EXPECT_EQ(scales(again), scales(*engine_)) << "as a checkpoint brings it back";
}

TEST_F(Live, LiveSettingsAndRefusals) {
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

}  // namespace
}  // namespace hopscope::core
