// If these fail, "frozen" parts move.
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

}  // namespace
}  // namespace hopscope::core
