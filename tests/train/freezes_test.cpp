// If these fail, "frozen" parts move.
#include <algorithm>
#include <array>
#include <set>

#include "tests/train/tiny_engine.h"

namespace hopscope::core {
namespace {

class Freeze : public test::TinyEngine {};

TEST_F(Freeze, AFrozenGroupStaysBitEqualAndTheOthersMove) {
    const std::map<std::string, std::set<Group>> parts = {
        {"router", {Group::router_projection, Group::centroids}},
        {"centroids", {Group::centroids}},
        {"projection", {Group::router_projection}},
        {"experts", {Group::experts}},
        {"attention", {Group::attention}},
        {"embedding", {Group::embedding}}};
    for (const FreezeTraits& traits : kFreezeParts)
        EXPECT_EQ(parts.contains(word(traits.part)), !traits.of_routing) << word(traits.part);
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

// Fails if frozen routing reaches other layers than it names, is lifted by what names another part,
// or if frozen choices keep their weights, too.
TEST_F(Freeze, RoutingIsFrozenWhereItIsSaidAndLiftedByItsLike) {
    // So large updates that hops choose differently.
    auto state = engine_->state();
    for (auto& layer : state.model.weights.layers) layer.up.mul_(2000);
    const auto fresh = [&] {
        auto again = state;
        for (auto* w : {&again.model.weights, &again.m, &again.v})
            *w = w->map([](Group, const at::Tensor& t) { return t.clone(); });
        engine_ = std::make_unique<Engine>(std::move(again));
    };
    const auto alike = [&] {  // of the two hops of each layer
        const auto record = engine_->update(*data_, [] {});
        EXPECT_TRUE(record.ok());
        return std::array{record->layers[0].jaccard, record->layers[1].jaccard};
    };
    fresh();
    const auto without = alike();
    ASSERT_LT(std::max(without[0], without[1]), 0.99F);

    fresh();
    order(R"({"command": "freeze", "what": "routing", "layers": [1]})");
    EXPECT_TRUE(engine_->state().frozen.empty()) << "a part of it is an intervention";
    EXPECT_EQ(engine_->state().interventions.size(), 1u);
    auto found = alike();
    EXPECT_LT(found[0], 0.99F);
    EXPECT_EQ(found[1], 1.0F);
    refused(R"({"command": "unfreeze", "what": "choices"})");
    refused(R"({"command": "unfreeze", "what": "routing", "layers": [0]})");
    order(R"({"command": "unfreeze", "what": "routing", "layers": [1]})");
    EXPECT_LT(alike()[1], 0.99F);

    fresh();
    order(R"({"command": "freeze", "what": "choices"})");
    EXPECT_TRUE(engine_->state().frozen.empty())
        << "weights are computed anew: no flag of the pass";
    EXPECT_EQ(engine_->state().interventions.size(), 1u);
    found = alike();
    EXPECT_EQ(std::min(found[0], found[1]), 1.0F);
    refused(R"({"command": "unfreeze", "what": "routing"})");
    order(R"({"command": "unfreeze", "what": "choices"})");
    EXPECT_TRUE(engine_->interventions().empty());

    fresh();
    order(R"({"command": "freeze", "what": "routing"})");
    EXPECT_TRUE(engine_->state().frozen.contains(FreezePart::routing));
    EXPECT_TRUE(engine_->interventions().empty());
    found = alike();
    EXPECT_EQ(std::min(found[0], found[1]), 1.0F);
    order(R"({"command": "unfreeze", "what": "routing"})");
    EXPECT_TRUE(engine_->state().frozen.empty());
    refused(R"({"command": "unfreeze", "what": "routing"})");
}

}  // namespace
}  // namespace hopscope::core
