// If these fail, a followed run is said to be plain where it is steered, or the other way round.
#include "core/follow/acting_commands.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

using Words = std::vector<std::string>;

ActingCommands after(const std::vector<std::string>& lines) {
    ActingCommands acting;
    for (const std::string& line : lines) {
        auto command = parse_command(line);
        EXPECT_TRUE(command) << (command ? "" : command.error().message);
        if (command) acting.add(*std::move(command));
    }
    return acting;
}

const std::string kSteer =
    R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 1.0, "from_step": 4})";

TEST(ActingCommands, AddUpReplaceAndAreTakenBack) {
    const std::string stronger = R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2.0})",
                      other = R"({"command": "suppress", "layer": 1, "expert": 2})";
    EXPECT_EQ(after({kSteer}).interventions(), Words{"steer: expert 3, lambda 1.0, layer 0"});
    EXPECT_EQ(after({kSteer, other, stronger}).interventions(),
              (Words{"steer: expert 3, lambda 2.0, layer 0", "suppress: expert 2, layer 1"}));
    EXPECT_EQ(after({kSteer, other, R"({"command": "clear", "index": 0})"}).interventions(),
              Words{"suppress: expert 2, layer 1"});
    EXPECT_EQ(after({kSteer, other, R"({"command": "clear", "index": 1})"}).interventions(),
              Words{"steer: expert 3, lambda 1.0, layer 0"});
    EXPECT_EQ(after({kSteer, R"({"command": "clear", "index": 1})"}).interventions().size(), 1u)
        << "there is no such one";
    EXPECT_EQ(after({kSteer, other, R"({"command": "clear", "name": "suppress"})"}).interventions(),
              Words{"steer: expert 3, lambda 1.0, layer 0"});
    EXPECT_TRUE(after({kSteer, other, R"({"command": "clear"})"}).interventions().empty());
}

TEST(ActingCommands, FreezesAreToldAsTheRunTellsThem) {
    const std::string router = R"({"command": "freeze", "what": "router"})",
                      routing = R"({"command": "freeze", "what": "routing"})",
                      layer = R"({"command": "freeze", "what": "centroids", "layers": [1]})";
    EXPECT_EQ(after({routing, router, router}).frozen(), (Words{"router", "routing"}));
    EXPECT_EQ(after({layer, router}).frozen(), (Words{"router", "centroids of layer 1"}));
    EXPECT_EQ(after({layer, R"({"command": "freeze", "what": "centroids"})"}).frozen(),
              Words{"centroids"});
    EXPECT_TRUE(after({router, R"({"command": "unfreeze", "what": "router"})"}).frozen().empty());
    // Where hop 0 is reused in a part of the run alone, it is an intervention.
    const auto part = after({R"({"command": "freeze", "what": "routing", "layers": [0]})"});
    EXPECT_TRUE(part.frozen().empty());
    EXPECT_EQ(part.interventions().size(), 1u);
}

TEST(ActingCommands, WhatDoesNotLastIsLeftOut) {
    const auto acting =
        after({R"({"command": "set", "key": "lr", "value": 0.1})", R"({"command": "pause"})",
               R"({"command": "fork"})", R"({"command": "checkpoint"})"});
    EXPECT_TRUE(acting.frozen().empty());
    EXPECT_TRUE(acting.interventions().empty());
}

}  // namespace
}  // namespace hopscope::core
