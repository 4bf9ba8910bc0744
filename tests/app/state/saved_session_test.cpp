#include "app/state/saved_session.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "app/state/app_state.h"
#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

SavedSession full() {
    SavedSession saved;
    saved.run = "runs/first";
    saved.layout = "Inspect";
    saved.shut = {{"Log##Train", true}};
    saved.docking = "[Window][a]\nPos=1,2\n";
    saved.step = 400;
    saved.selection.layer = 1;
    saved.selection.hop = 0;
    saved.selection.experts = {3, 9};
    saved.selection.probe_tokens = {5};
    saved.prompt = "two\nlines";
    saved.second = {true, "a second \xE4\xB8\xAD", -2, {}};
    saved.strength = 0.1;
    StackItem item;
    item.command = {core::CommandKind::suppress, {{"layer", int64_t{1}}, {"expert", int64_t{9}}}};
    item.on = false;
    saved.stack = {item};
    saved.panels["curves"] = {{"x", "tokens"}};
    return saved;
}

SavedSession with_names() {
    SavedSession saved = full();
    saved.named = {{"rivers", 1, {{3, 9}, {5}}}, {"\xE5\xB7\x9D / \"2\"", 0, {{}, {1}}}};
    saved.halting = 0.25;
    saved.selection.prompt_tokens = {1, 4};
    saved.selection.first.expert = 9;
    saved.selection.first.prompt_token = 4;
    return saved;
}

// Wrong if anything of a session is lost or changed on its way through a file.
TEST(SavedSession, ReadsBackWhatWasWritten) {
    const SavedSession saved = full();
    const std::string text = text_of(saved);
    auto read = parse_session(text, "a.session.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(text_of(*read), text);
    EXPECT_EQ(read->run, saved.run);
    EXPECT_EQ(read->step, 400);
    EXPECT_EQ(read->selection.experts, saved.selection.experts);
    EXPECT_EQ(read->selection.probe_tokens, saved.selection.probe_tokens);
    EXPECT_EQ(read->second, saved.second);
    EXPECT_EQ(read->strength, 0.1);
    ASSERT_EQ(read->stack.size(), 1u);
    EXPECT_EQ(read->stack[0].command, saved.stack[0].command);
    EXPECT_FALSE(read->stack[0].on);
    EXPECT_EQ(read->panels.at("curves").at("x"), "tokens");
    SavedSession newest = saved;
    newest.step.reset();
    EXPECT_FALSE(parse_session(text_of(newest), "a")->step);
}

// Wrong if what an earlier version kept were lost, or what is written now were not what is kept.
TEST(SavedSession, OfEachVersion) {
    SavedSession without = full();  // of a version that knew no second prompt
    without.second = {};
    for (const auto& [version, saved] :
         {std::pair("2026-11-29", without), std::pair("2026-11-29b", full()),
          std::pair("2026-11-29c", with_names())}) {
        const std::string path =
            std::string(HOPSCOPE_FORMATS) + "/" + version + "/window/view" + kSessionEnding;
        const std::string text = test::bytes_of(path);
        const auto read = parse_session(text, path);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(text_of(*read), text);
        EXPECT_EQ(text_of(saved), text);
    }
}

// Wrong if a file were written that is not read again, or fifty large selections were too many.
TEST(SavedSession, WhatIsWrittenCanBeRead) {
    EXPECT_EQ(size_problem(kLargestSession), "");
    EXPECT_NE(size_problem(kLargestSession + 1).find("up to 64 MiB"), std::string::npos);
    SavedSession large;
    NamedSelection one;
    for (int64_t token = 0; token < 50'000; ++token) one.chosen.tokens.insert(token);
    large.named.assign(50, one);
    EXPECT_EQ(size_problem(text_of(large).size()), "");
}

// Wrong if names of selections or the slider of halting were lost, or a file of a session that has
// neither were another than before there were any.
TEST(SavedSession, KeepsNamesAndTheSlider) {
    const std::string text = text_of(with_names());
    const auto read = parse_session(text, "a.session.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(text_of(*read), text);
    ASSERT_EQ(read->named.size(), 2u);
    EXPECT_EQ(read->named[0].name, "rivers");
    EXPECT_EQ(read->named[0].layer, 1);
    EXPECT_EQ(read->named[0].chosen, (Chosen{{3, 9}, {5}}));
    EXPECT_EQ(read->named[1].name, "\xE5\xB7\x9D / \"2\"");
    EXPECT_EQ(read->halting, 0.25);
    EXPECT_EQ(read->selection.first_expert(), 9);
    for (const char* key : {"named", "halting", "first_expert"})
        EXPECT_EQ(text_of(full()).find("\"" + std::string(key) + "\""), std::string::npos);
    const auto older = parse_session(text_of(full()), "a");
    ASSERT_TRUE(older);
    EXPECT_TRUE(older->named.empty());
    EXPECT_EQ(older->halting, 0);

    AppState state;
    gui_test::FakeOptions options;
    options.experts = 8;
    state.attach(std::make_unique<gui_test::FakeSession>(options));
    update_state(state);
    restore(with_names(), state);
    EXPECT_EQ(state.halt_position, 0.25f);
    ASSERT_EQ(state.named.all().size(), 2u);
    EXPECT_EQ(state.named.all()[0].chosen, (Chosen{{3}, {5}})) << "the run has 8 experts";
    const SavedSession again = saved_session(state);
    EXPECT_EQ(again.named.size(), 2u);
    EXPECT_EQ(again.halting, 0.25);
    restore(full(), state);
    EXPECT_TRUE(state.named.all().empty());
    EXPECT_EQ(state.halt_position, 0);
}

// Wrong if a damaged file is taken, or its refusal does not say which file and what in it.
TEST(SavedSession, RefusesWhatIsNone) {
    const std::string good = text_of(full());
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    const auto named = [](const std::string& from, const std::string& to) {
        std::string text = text_of(with_names());
        return text.replace(text.find(from), from.size(), to);
    };
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"", "format"},
             {good.substr(0, good.size() / 2), "format"},
             {with("session/1", "session/9"), "format"},
             {with("\"step\": 400", "\"step\": \"400\""), "step"},
             {with("\"strength\": 0.1", "\"strength\": -1"), "strength"},
             {with("\"command\": \"suppress\"", "\"command\": \"supress\""), "stack"},
             {with("\"shut\": {", "\"shut\": [], \"sh\": {"), "shut"},
             {with("\"selection\": {", "\"selection\": 1, \"s\": {"), "selection"},
             {named("\"halting\": 0.25", "\"halting\": 1.5"), "halting"},
             {named("\"first_expert\": 9", "\"first_expert\": []"), "first_expert"},
             {named("\"name\": \"rivers\"", "\"name\": \"\""), "name"},
             {named("\"name\": \"rivers\"", "\"name\": 7"), "name"},
             {named("\"named\": [", "\"named\": 3, \"n\": ["), "named"},
             {named("\"named\": [", "\"named\": [4, "), "named"}}) {
        const auto read = parse_session(text, "here.session.json");
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().message.find("here.session.json: "), std::string::npos);
        EXPECT_NE(read.error().message.find(word), std::string::npos) << read.error().message;
        EXPECT_LT(read.error().message.size(), 400u);
    }
}

// Wrong if a smaller run is shown with experts or layers that it has not got, or rows lose that
// they are off.
TEST(SavedSession, LeavesOutWhatTheRunHasNot) {
    gui_test::FakeOptions options;
    options.experts = 8;
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(options));
    update_state(state);
    restore(full(), state);
    EXPECT_EQ(state.selection.layer, 1);
    EXPECT_EQ(state.selection.experts, std::set<int64_t>{3});
    EXPECT_EQ(state.prompt, "two\nlines");
    EXPECT_EQ(state.second, full().second);
    EXPECT_EQ(state.strength, 0.1);
    ASSERT_EQ(state.stack.items().size(), 1u);
    EXPECT_FALSE(state.stack.items()[0].on);
    EXPECT_TRUE(std::any_of(state.log.begin(), state.log.end(),
                            [](const LogLine& line) { return line.problem; }));
    SavedSession other = full();
    other.selection.layer = 99;
    restore(other, state);
    EXPECT_EQ(state.selection.layer, 0);
    EXPECT_TRUE(state.selection.experts.empty());
}

}  // namespace
}  // namespace hopscope::app
