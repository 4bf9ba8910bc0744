// If these fail, a form asks for an argument as if it were another, or a part of a model is frozen
// under another's name.
#include "core/api/arguments.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "core/api/command_registry.h"
#include "core/api/freeze_parts.h"

namespace hopscope::core {
namespace {

Command parsed_line(const std::string& line) {
    const auto command = parse_command(line);
    EXPECT_TRUE(command.ok()) << line;
    return command ? *command : Command{};
}

// Wrong if a command came from a form half said: it would be refused before anybody touched it.
TEST(Arguments, FirstValuesMakeACommandThatPassesItsChecks) {
    const Target at = {1, {3, 7}, 4};
    for (const CommandSpec& spec : command_registry()) {
        const Command command = first_command(spec.kind, at);
        const auto checked = check_command(command);
        EXPECT_TRUE(checked.ok()) << to_json(command) << (checked ? "" : checked.error().message);
        if (spec.inference) {
            EXPECT_EQ(unavailable(command, Domain::inference), "") << spec.name;
        }
    }
    EXPECT_EQ(to_json(first_command(CommandKind::suppress, at)),
              R"({"command":"suppress","expert":[3,7],"layer":1})");
    EXPECT_EQ(to_json(first_command(CommandKind::halt, {})), R"({"command":"halt","epsilon":0.1})");
    EXPECT_EQ(to_json(first_command(CommandKind::move_centroid, {0, {2}, 3})),
              R"({"command":"move_centroid","expert":2,"layer":0,"to":[1.0,1.0,1.0]})");
    ArgSpec other = {.type = ArgType::integer, .meaning = ArgMeaning::other_expert};
    EXPECT_EQ(first_value(other, {0, {0, 1}, 1}), Value(int64_t{2})) << "none of those acted on";
    EXPECT_EQ(first_value(other, {}), Value(int64_t{1})) << "the first is acted on";
}

// Wrong if what a line names were looked for under the wrong argument.
TEST(Arguments, AreFoundByWhatTheyMean) {
    const auto experts = [](const std::string& line) {
        return numbers_of(parsed_line(line), ArgMeaning::experts);
    };
    EXPECT_EQ(experts(R"({"command": "force", "layer": 1, "expert": 4})"), std::vector<int64_t>{4});
    EXPECT_EQ(experts(R"({"command": "freeze", "what": "experts", "experts": [4, 5]})"),
              (std::vector<int64_t>{4, 5}));
    EXPECT_TRUE(experts(R"({"command": "knock_out", "layer": 1, "expert": "top"})").empty());
    EXPECT_EQ(
        numbers_of(parsed_line(R"({"command": "surgery", "layer": 1, "expert": 4, "with": 6})"),
                   ArgMeaning::other_expert),
        std::vector<int64_t>{6});
    EXPECT_EQ(layers_of(parsed_line(R"({"command": "force", "layer": 1, "expert": 4})")),
              std::vector<int64_t>{1});
    EXPECT_EQ(layers_of(parsed_line(R"({"command": "force", "layers": [0, 2], "expert": 4})")),
              (std::vector<int64_t>{0, 2}));
    EXPECT_TRUE(layers_of(parsed_line(R"({"command": "zero_experts", "hops": [1]})")).empty());
    EXPECT_EQ(given(parsed_line(R"({"command": "zero_experts"})"), ArgMeaning::hops), nullptr);
    EXPECT_EQ(doses_in_words(), "lambda and strength");
}

// Wrong if two arguments of a command could be meant by one question.
TEST(Arguments, ACommandHasAtMostOneOfEachMeaning) {
    for (const CommandSpec& spec : command_registry()) {
        std::map<ArgMeaning, int> count;
        for (const auto* list : {&spec.args, &scope_args()})
            for (const ArgSpec& arg : *list)
                if (arg.meaning != ArgMeaning::nothing) {
                    EXPECT_EQ(++count[arg.meaning], 1) << spec.name << " " << arg.name;
                }
        for (const ArgSpec& arg : spec.args) {
            const auto* chooser = spec.chooser();
            EXPECT_TRUE(arg.belongs_to.empty() ||
                        (chooser && std::count(chooser->choices.begin(), chooser->choices.end(),
                                               arg.belongs_to)))
                << spec.name << " " << arg.name;
        }
    }
}

// Wrong if a part were offered that no command takes, or frozen under another name.
TEST(FreezeParts, AreWhatTheCommandsTake) {
    for (const CommandKind kind : {CommandKind::freeze, CommandKind::unfreeze}) {
        const ArgSpec& what = *spec_of(kind).chooser();
        ASSERT_EQ(what.choices.size(), kFreezeParts.size());
        for (const FreezeTraits& traits : kFreezeParts) {
            const std::string name = word(traits.part);
            EXPECT_EQ(what.choices[static_cast<size_t>(traits.part)], name);
            EXPECT_EQ(std::count(what.prompt_choices.begin(), what.prompt_choices.end(), name),
                      traits.of_routing);
            const Command command = freeze_command(traits.part, kind == CommandKind::freeze);
            EXPECT_EQ(command.kind, kind);
            EXPECT_EQ(part_of(command), traits.part);
            EXPECT_TRUE(check_command(command).ok()) << name;
            EXPECT_EQ(unavailable(command, Domain::live), "") << name;
            EXPECT_EQ(std::string(traits.label).empty(), std::string(traits.help).empty()) << name;
        }
    }
    EXPECT_EQ(part_of({CommandKind::steer, {{"what", std::string("router")}}}), std::nullopt);
    EXPECT_EQ(part_of({CommandKind::freeze, {{"what", std::string("rooter")}}}), std::nullopt);
}

// Wrong if a part froze less or more than it says.
TEST(FreezeParts, CoverTheirGroups) {
    const auto groups = [](FreezePart part) { return traits_of(part).groups; };
    for (const Group group : {Group::router_projection, Group::centroids, Group::router_other})
        EXPECT_TRUE(groups(FreezePart::router).has(group));
    EXPECT_FALSE(groups(FreezePart::router).has(Group::experts));
    EXPECT_TRUE(groups(FreezePart::projection).has(Group::router_projection));
    EXPECT_FALSE(groups(FreezePart::projection).has(Group::centroids));
    for (const FreezeTraits& traits : kFreezeParts) {
        for (const Group group : {Group::norms, Group::dense, Group::scale})
            EXPECT_FALSE(traits.groups.has(group)) << word(traits.part);
        if (traits.of_routing) {
            EXPECT_FALSE(traits.groups.has(Group::router_projection));
        }
    }
}

// Wrong if a model were promised that something stays which it has not.
TEST(FreezeParts, WhatAModelLacksIsSaid) {
    Config config;
    for (const FreezeTraits& traits : kFreezeParts)
        EXPECT_EQ(nothing_to_freeze(traits.part, config), "") << word(traits.part);
    config.moe.router = RouterKind::hash;
    EXPECT_EQ(nothing_to_freeze(FreezePart::router, config),
              "a hash router has nothing that learns");
    EXPECT_EQ(nothing_to_freeze(FreezePart::projection, config), "this model has no projection");
    EXPECT_EQ(nothing_to_freeze(FreezePart::routing, config), "");
    config.moe.router = RouterKind::linear;
    EXPECT_EQ(nothing_to_freeze(FreezePart::centroids, config), "a linear router has no centroids");
    EXPECT_EQ(nothing_to_freeze(FreezePart::router, config), "");
    config.model.ffn = FfnKind::dense;
    EXPECT_EQ(nothing_to_freeze(FreezePart::experts, config), "a dense model has none");
    EXPECT_EQ(nothing_to_freeze(FreezePart::attention, config), "");
    EXPECT_EQ(nothing_to_freeze(FreezePart::embedding, config), "");
}

}  // namespace
}  // namespace hopscope::core
