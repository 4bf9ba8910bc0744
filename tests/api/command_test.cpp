#include "core/api/command.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "core/api/command_registry.h"
#include "core/api/live_settings.h"
#include "core/api/registry_json.h"
#include "core/base/names.h"

namespace hopscope::core {
namespace {

Command parsed(const std::string& line) {
    Result<Command> command = parse_command(line);
    EXPECT_TRUE(command.ok()) << line << "\n" << (command ? "" : command.error().message);
    return command ? *command : Command{};
}

std::string error_of(const std::string& line) {
    Result<Command> command = parse_command(line);
    EXPECT_FALSE(command.ok()) << line;
    if (command) return "";
    EXPECT_EQ(command.error().kind, ErrorKind::usage);
    return command.error().message;
}

void expect_names(const std::string& message, const std::vector<std::string>& parts) {
    for (const std::string& part : parts)
        EXPECT_NE(message.find(part), std::string::npos) << "no " << part << " in: " << message;
}

TEST(ParseCommand, ReadsTheExamplesOfTheContract) {
    // Wrong if a line printed in the documentation is refused.
    const Command steer =
        parsed(R"({"command": "steer", "layer": 4, "expert": 80, "lambda": 1.0})");
    EXPECT_EQ(steer.integer("layer", -1), 4);
    EXPECT_EQ(steer.integers("expert"), std::vector<int64_t>{80});
    EXPECT_EQ(steer.number("lambda", 0), 1.0);
    parsed(R"({"command": "suppress", "layer": 4, "expert": 80, "neighbours": 10})");
    parsed(R"({"command": "freeze", "what": "routing"})");
    const Command frozen =
        parsed(R"({"command": "freeze", "what": "experts", "layer": 4, "experts": [80]})");
    EXPECT_EQ(frozen.integers("experts"), std::vector<int64_t>{80});
    EXPECT_EQ(parsed(R"({"command": "halt", "max_hops": [1, 2]})").integers("max_hops"),
              (std::vector<int64_t>{1, 2}));
    parsed(R"({"command": "halt", "max_hops": 1, "tokens": [3, 9]})");
    EXPECT_EQ(parsed(R"({"command": "set", "key": "lr", "value": 1e-4})").number("value", 0), 1e-4);
    EXPECT_EQ(parsed(R"({"command": "step", "count": 10})").integer("count", 0), 10);
    parsed(R"({"command": "knock_out", "layer": 0, "expert": "top"})");
    parsed(R"({"command": "surgery", "layer": 0, "expert": 3, "with": "negate"})");
    parsed(R"({"command": "surgery", "layer": 0, "expert": 3, "with": 7})");
    parsed(R"({"command": "steer", "layers": [0, 1], "expert": [1, 2], "lambda": -2})");
    for (const char* name :
         {"pause", "resume", "step", "stop", "checkpoint", "evaluate", "fork", "zero_experts"})
        parsed(std::string(R"({"command": ")") + name + R"("})");
}

TEST(ParseCommand, EveryRegisteredCommandTakesTheScopeFields) {
    // Wrong if a scope field works on one command and is unknown to another.
    for (const CommandSpec& spec : command_registry())
        for (const ArgSpec& arg : scope_args()) {
            const std::string value = arg.type == ArgType::integer ? "0" : "[0, 1]";
            const std::string line =
                R"({"command": ")" + spec.name + R"(", ")" + arg.name + R"(": )" + value + "}";
            const Result<Command> command = parse_command(line);
            const std::string message = command ? "" : command.error().message;
            EXPECT_EQ(message.find("unknown"), std::string::npos) << message;
        }
}

TEST(ParseCommand, UnknownWordsSuggestTheNearest) {
    // Wrong if a typing slip is answered without the word that was meant.
    expect_names(error_of(R"({"command": "pasue"})"), {"\"pasue\"", "did you mean \"pause\""});
    expect_names(error_of(R"({"command": "steer", "layer": 0, "expert": 1, "lamda": 1})"),
                 {"steer", "\"lamda\"", "did you mean \"lambda\"", "Allowed are layer"});
    expect_names(error_of(R"({"command": "freeze", "what": "centroid"})"),
                 {"\"what\"", "\"centroid\"", "did you mean \"centroids\"", "routing | choices"});
    expect_names(error_of(R"({"command": "set", "key": "leraning", "value": 1})"),
                 {"lr | tau | balance_alpha"});
    EXPECT_EQ(error_of(R"({"command": "zzzzzzzz"})").find("did you mean"), std::string::npos);
}

TEST(ParseCommand, RangesAndTypesAreErrorsThatSayWhatIsAllowed) {
    // Wrong if a value outside its range or of another type reaches the trainer.
    const std::vector<std::pair<const char*, std::vector<std::string>>> cases = {
        {R"({"command": "step", "count": 0})", {"step", "count", "found 0", "from 1"}},
        {R"({"command": "step", "count": 1.5})", {"found 1.5", "integer"}},
        {R"({"command": "step", "count": "ten"})", {"found \"ten\""}},
        {R"({"command": "step", "count": true})", {"found true"}},
        {R"({"command": "step", "count": 99999999999999999999})", {"count"}},
        {R"({"command": "step", "count": 18446744073709551615})", {"too large"}},
        {R"({"command": "step", "count": null})", {"found null"}},
        {R"({"command": "step", "count": {"a": 1}})", {"found object"}},
        {R"({"command": "freeze", "what": "experts", "experts": []})", {"experts", "found []"}},
        {R"({"command": "freeze", "what": "experts", "experts": ["a"]})", {"found string"}},
        {R"({"command": "freeze", "what": "experts", "experts": [-1]})", {"found [-1]"}},
        {R"({"command": "freeze", "what": "experts", "experts": [[1]]})",
         {"command \"freeze\": argument \"experts\"", "found array"}},
        {R"({"command": "freeze", "what": "router", "experts": [1]})", {"experts"}},
        {R"({"command": "set", "key": "dropout", "value": 1})", {"value", "below 1, in fp32"}},
        {R"({"command": "set", "key": "dropout", "value": -0.1})", {"value", "-0.1"}},
        {R"({"command": "set", "key": "tau", "value": 0})",
         {"value", "above 0 and at most 1000000, in fp32"}},
        {R"({"command": "set", "key": "clip", "value": 0})", {"above 0"}},
        {R"({"command": "set", "key": "top_k", "value": 2.5})", {"value", "2.5", "integer"}},
        {R"({"command": "set", "key": "lr", "value": -1})", {"0 … 1000000"}},
        {R"({"command": "set", "key": "lr"})", {"\"value\" is missing"}},
        {R"({"command": "set", "value": 1})", {"\"key\" is missing"}},
        {R"({"command": "halt"})", {"epsilon", "max_hops"}},
        {R"({"command": "halt", "epsilon": 0.1, "max_hops": 2})", {"either"}},
        {R"({"command": "halt", "epsilon": -1})", {"found -1"}},
        {R"({"command": "halt", "max_hops": [1, 0]})", {"found [1,0]"}},
        {R"({"command": "halt", "epsilon": 0, "tokens": [9, 3]})", {"from <= to"}},
        {R"({"command": "halt", "epsilon": 0, "tokens": 3})", {"[from, to]"}},
        {R"({"command": "steer", "expert": 1, "lambda": 1})", {"\"layer\" is missing"}},
        {R"({"command": "steer", "layer": 1, "layers": [1], "expert": 1, "lambda": 1})",
         {"not both"}},
        {R"({"command": "knock_out", "layer": 0, "expert": "topp"})", {"did you mean \"top\""}},
        {R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [1, "a"]})", {"to"}},
        {R"({"command": "pause", "from_step": -1})", {"from_step"}},
        // What fp32 cannot hold, or not the square of.
        {R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 1e20})",
         {"lambda", "found 1e+20", "-1000000 … 1000000"}},
        {R"({"command": "boost", "layer": 0, "expert": 1, "strength": -1e39})",
         {"strength", "-1000000000 … 1000000000"}},
        {R"({"command": "halt", "epsilon": 1e39})", {"epsilon", "0 … 1e+30"}},
        {R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [0, 1e308]})",
         {"to", "each -1e+15 … 1e+15"}},
        {R"({"command": "set", "key": "tau", "value": 1e39})", {"value", "at most 1000000"}},
        {R"({"command": "set", "key": "clip", "value": 1e7})", {"value", "at most 1000000"}},
    };
    for (const auto& [line, parts] : cases) expect_names(error_of(line), parts);
}

TEST(ParseCommand, SaysWhatIsWrongWithJsonInItsOwnWords) {
    // Wrong if a library's words, control bytes or 100 kB of input reach the person who mistyped.
    expect_names(error_of(R"({"command": "pause",})"), {"not valid JSON at line 1, column 21"});
    expect_names(error_of(R"({"command": "steer", "lambda": 1e999})"), {"beyond 1.8e308"});
    // Wrong if what is too small becomes the 0 that nobody wrote.
    for (const char* tiny : {"1e-400", "-2.5E-999", "0.0e0, \"to\": [1, 3e-324000]"})
        expect_names(error_of(R"({"command": "steer", "lambda": )" + std::string(tiny) + "}"),
                     {std::string(tiny).starts_with('0') ? "found 3e-324000" : tiny,
                      "too small for a number"});
    for (const char* zero : {"0", "0.0", "0e-400", "-0.00E-9"})
        EXPECT_TRUE(parse_command(R"({"command": "steer", "layer": 0, "expert": 1, "lambda": )" +
                                  std::string(zero) + "}"))
            << zero;
    const std::string name = error_of("{\"command\": \"" + std::string(100'000, 'x') + "\"}");
    EXPECT_LT(name.size(), 200u);
    const std::string key =
        error_of("{\"command\": \"pause\", \"\\u001b[31m" + std::string(1000, 'k') + "\": 1}");
    expect_names(key, {"\\x1b[31mk"});
    EXPECT_LT(key.size(), 300u) << key;
}

TEST(ParseCommand, RefusesWhatIsNoFlatObject) {
    // Wrong if broken JSON crashes, or a key given twice silently loses its first value.
    for (const char* line :
         {"", " ", "pause", "[]", "3", "null", "{", R"({"command"})", R"({"command": 3})", "{}",
          R"({"command": "pause"} x)", R"({"command": "pause", "command": "stop"})",
          R"({"command": "step", "count": 1, "count": 2})",
          R"({"command": "step", "count": 1e999})", "{\"command\": \"\xff\"}", "\xef\xbb\xbf"})
        error_of(line);
    // Nested without end: what copies and prints it calls itself for each level.
    for (const size_t depth : {size_t{40}, size_t{300'000}})
        expect_names(error_of(R"({"command": "pause", "expert": )" + std::string(depth, '[') +
                              std::string(depth, ']') + "}"),
                     {"nested", "32"});
    error_of(std::string(100000, '['));
    error_of(R"({"command": "step", "count": )" + std::string(100000, '[') +
             std::string(100000, ']') + "}");
}

TEST(ParseCommand, ALineOfTheLogWaitsForItsStep) {
    const auto logged = parse_training_command(
        R"({"command": "force", "layer": 1, "expert": 2, "from_step": 3, "step": 40,
            "time": 1.5, "by": "window"})");
    ASSERT_TRUE(logged) << logged.error().message;
    EXPECT_EQ(to_json(*logged), R"({"command":"force","expert":2,"from_step":40,"layer":1})");
    EXPECT_EQ(parse_training_command(R"({"command": "step", "count": 2})")->integer("count", 0), 2);
    EXPECT_FALSE(parse_training_command(R"({"command": "force", "step": 4})"));
    EXPECT_FALSE(parse_training_command(R"({"command": "evaluate", "step": -4, "by": "x"})"));
    EXPECT_FALSE(parse_training_command("[1]"));
}

TEST(CommandJson, RoundTripIsExact) {
    // Wrong if a log replays with another value than the one that was applied.
    std::mt19937_64 random(7);
    const auto number = [&] {
        for (;;) {
            const uint64_t bits = random();
            double value;
            std::memcpy(&value, &bits, sizeof value);
            if (std::isfinite(value) && std::abs(value) < 1e15) return value;
        }
    };
    for (int i = 0; i < 2000; ++i) {
        Command command{CommandKind::move_centroid,
                        {{"layer", int64_t(random() % 100)},
                         {"expert", std::vector<int64_t>{int64_t(random() % 1000), 0}},
                         {"to", std::vector<double>{number(), number(), 3.0}},
                         {"from_step", int64_t(random() % 1000000)}}};
        const Result<Command> back = parse_command(to_json(command));
        ASSERT_TRUE(back.ok()) << to_json(command) << back.error().message;
        EXPECT_EQ(*back, command) << to_json(command);
        EXPECT_EQ(to_json(*back), to_json(command));
    }
}

TEST(CommandJson, CommandComesFirstThenArgumentsByAlphabet) {
    // Wrong if equal commands print differently, so that logs cannot be compared as text.
    const Command command = parsed(R"({"value": 30, "key": "tau", "command": "set"})");
    EXPECT_EQ(to_json(command), R"({"command":"set","key":"tau","value":30.0})");
    const Command text = parsed(R"({"command": "fork", "with": "a\n\"b\" é"})");
    EXPECT_EQ(to_json(text).find('\n'), std::string::npos);
    EXPECT_EQ(parsed(to_json(text)), text);
}

TEST(CommandCheck, BroughtIntoTheFormOfTheirTypes) {
    // Wrong if 1 and 1.0 of a number differ, so that a command made in code differs from its log.
    const Result<Command> made = check_command(
        {CommandKind::steer, {{"layer", 1.0}, {"expert", int64_t{3}}, {"lambda", int64_t{2}}}});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(*made, parsed(to_json(*made)));
    EXPECT_EQ(std::get<double>(made->args.at("lambda")), 2.0);
    EXPECT_EQ(std::get<int64_t>(made->args.at("layer")), 1);
    EXPECT_FALSE(
        check_command({CommandKind::set, {{"key", std::string("lr")}, {"value", NAN}}}).ok());
}

TEST(Availability, OnlyWhatIsBuiltPasses) {
    // Wrong if a command that nothing carries out is accepted and silently does nothing.
    using enum CommandKind;
    for (const CommandKind kind : {pause, resume, step, stop, checkpoint, evaluate}) {
        EXPECT_EQ(unavailable({kind, {}}, Domain::live), "") << name_of(kind);
        expect_names(unavailable({kind, {}}, Domain::inference),
                     {name_of(kind), "run in training"});
    }
    const auto with = [](CommandKind kind, const char* key, const std::string& value) {
        return Command{kind, {{key, value}}};
    };
    for (const LiveSetting& setting : live_settings())
        EXPECT_EQ(unavailable(with(set, "key", setting.value.name), Domain::live), "");
    EXPECT_EQ(unavailable(with(freeze, "what", "router"), Domain::live), "");
    EXPECT_EQ(unavailable(with(unfreeze, "what", "embedding"), Domain::live), "");
    EXPECT_EQ(unavailable(with(freeze, "what", "routing"), Domain::inference), "");
    EXPECT_EQ(unavailable({CommandKind::halt, {}}, Domain::inference), "");
    EXPECT_EQ(unavailable({CommandKind::zero_experts, {}}, Domain::inference), "");
    EXPECT_EQ(unavailable(with(freeze, "what", "choices"), Domain::live), "");
    expect_names(unavailable(with(freeze, "what", "router"), Domain::inference), {"not available"});
    EXPECT_EQ(unavailable({CommandKind::fork, {}}, Domain::live), "");
    EXPECT_EQ(unavailable({CommandKind::steer, {}}, Domain::live), "");
    expect_names(unavailable({CommandKind::clear, {}}, Domain::inference), {"run in training"});
    expect_names(unavailable({CommandKind::fork, {}}, Domain::inference), {"run in training"});
    expect_names(unavailable({CommandKind::halt, {}}, Domain::live), {"prompts"});
    expect_names(unknown_command("puase"), {"unknown", "pause"});
}

TEST(Registry, IsCompleteAndExplainsItself) {
    // Wrong if a command of docs/formats.md#commands-and-scripts is missing or a palette entry has
    // no help.
    std::set<std::string> names;
    for (const CommandSpec& spec : command_registry()) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_TRUE(spec.live || spec.inference) << spec.name;
        EXPECT_FALSE(spec.title.empty() || spec.help.empty()) << spec.name;
        EXPECT_EQ(spec.help.back(), '.') << spec.name;
        for (const ArgSpec& arg : spec.args)
            EXPECT_FALSE(arg.help.empty()) << spec.name << " " << arg.name;
        EXPECT_EQ(find_command(spec.name), &spec);
        EXPECT_EQ(&spec_of(spec.kind), &spec)
            << spec.name << " stands at another place in the enum";
        EXPECT_LE(std::count_if(spec.args.begin(), spec.args.end(),
                                [](const ArgSpec& arg) { return arg.role != ArgRole::target; }),
                  1)
            << spec.name << " has one value at most";
    }
    const std::set<std::string> promised = {
        "steer",  "suppress", "force", "boost",        "knock_out", "surgery", "move_centroid",
        "freeze", "unfreeze", "halt",  "zero_experts", "set",       "pause",   "resume",
        "step",   "stop",     "fork",  "checkpoint",   "evaluate",  "clear"};
    for (const std::string& name : promised) EXPECT_TRUE(names.count(name)) << name;
    EXPECT_EQ(find_command("nothing"), nullptr);
    // Every key that `set` offers has a range, and the other way round.
    std::vector<std::string> keys;
    for (const LiveSetting& setting : live_settings()) keys.push_back(setting.value.name);
    EXPECT_EQ(find_command("set")->args[0].choices, keys);
}

TEST(Registry, JsonHasNameArgumentsRangesAndWhenAllowed) {
    // Wrong if a script reading `hopscope commands --json` misses a promised field.
    const auto document = nlohmann::json::parse(registry_json());
    EXPECT_EQ(document["format"], "hopscope.commands/1");
    ASSERT_EQ(document["commands"].size(), command_registry().size());
    for (const auto& item : document["commands"]) {
        const CommandSpec* spec = find_command(item["name"]);
        ASSERT_TRUE(spec);
        EXPECT_EQ(item["shortcut"], spec->shortcut);
        EXPECT_EQ(item["arguments"].size(), spec->args.size());
        EXPECT_FALSE(item["allowed_in"].empty());
        EXPECT_EQ(item["live"]["belongs"], spec->live);
    }
    const auto& step = *std::find_if(document["commands"].begin(), document["commands"].end(),
                                     [](const auto& c) { return c["name"] == "step"; });
    EXPECT_EQ(step["allowed_in"], nlohmann::json({"paused"}));
    EXPECT_EQ(step["arguments"][0]["min"], 1);
    const auto& freeze = *std::find_if(document["commands"].begin(), document["commands"].end(),
                                       [](const auto& c) { return c["name"] == "freeze"; });
    EXPECT_EQ(freeze["inference"]["available_choices"], nlohmann::json({"routing", "choices"}));
}

TEST(Registry, WhatLastsInTrainingIsWhatClearTakesBack) {
    // Wrong if an intervention were added that acts on a run and cannot be ended by its name.
    const auto& names = spec_of(CommandKind::clear).args.back().choices;
    for (const CommandSpec& spec : command_registry()) {
        const bool cleared = std::count(names.begin(), names.end(), spec.name) > 0;
        EXPECT_EQ(cleared, spec.lasts && spec.live) << spec.name;
        const bool changes = spec.action == Action::change;
        EXPECT_TRUE(changes || !(spec.lasts || spec.changes_training)) << spec.name;
    }
    EXPECT_FALSE(spec_of(CommandKind::fork).changes_training) << "its copy would be forked again";
}

TEST(LiveSettings, AreSetByNameWithAndWithoutTableWithinTheirRange) {
    // Wrong if a key marked as live could not be set, or took a value outside what it allows.
    ASSERT_FALSE(live_settings().empty());
    const auto line = [](const std::string& key, double value) {
        return check_command({CommandKind::set, {{"key", key}, {"value", value}}});
    };
    for (const LiveSetting& setting : live_settings()) {
        const ArgSpec& spec = setting.value;
        const bool whole = spec.type == ArgType::integer;
        const double good = whole ? spec.min : (spec.min + std::min(spec.max, 1.0)) / 2;
        const auto by_name = line(spec.name, good), by_key = line(setting.key, good);
        ASSERT_TRUE(by_name.ok()) << by_name.error().message;
        ASSERT_TRUE(by_key.ok()) << by_key.error().message;
        EXPECT_EQ(to_json(*by_key), to_json(*by_name)) << "one spelling in the log";
        for (const double bad : {spec.min - 1, spec.max * 2 + 1}) {
            const auto refused = line(spec.name, bad);
            ASSERT_FALSE(refused.ok()) << spec.name << " " << bad;
            expect_names(refused.error().message, {"\"set\"", "\"value\"", spec.allowed});
        }
        EXPECT_EQ(line(spec.name, spec.max).ok(), !spec.open_max) << spec.name;
        EXPECT_EQ(line(spec.name, spec.min).ok(), !spec.open_min) << spec.name;
        EXPECT_FALSE(spec.help.empty() || setting.label.empty() || spec.allowed.empty());
        if (spec.slider) {
            EXPECT_LT(spec.slider->low, spec.slider->high);
        }
    }
    EXPECT_EQ(find_live_setting("train.seed"), nullptr);
}

TEST(Nearest, CountsTypingSlips) {
    // Wrong if a swapped pair of letters leads to another word, or nonsense to any word.
    const std::vector<std::string> words = {"pause", "resume", "step", "stop"};
    EXPECT_EQ(likely_word("psuae", words), "pause");
    EXPECT_EQ(likely_word("stpo", words), "stop");
    EXPECT_EQ(likely_word("resum", words), "resume");
    EXPECT_EQ(likely_word("xyzzyx", words), "");
    EXPECT_EQ(likely_word("", words), "");
    EXPECT_EQ(likely_word(std::string(100000, 'a'), words), "");
}

}  // namespace
}  // namespace hopscope::core
