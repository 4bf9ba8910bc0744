// Search of the palette, and keys held with others.
#include <algorithm>
#include <gtest/gtest.h>

#include "app/panels/table.h"
#include "app/state/actions.h"
#include "core/api/command_registry.h"
#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

// Wrong if a few letters did not lead to the command, or led to a refused one first.
TEST(Palette, FindsByLettersInOrder) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    const auto items = command_actions(state);
    auto found = search(items, "pau");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(items[found[0].index].id, "pause");
    found = search(items, "frz rtr");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(items[found[0].index].id, "freeze router");
    EXPECT_TRUE(search(items, "qqqq").empty());
    found = search(items, "");
    EXPECT_EQ(found.size(), items.size());
    EXPECT_TRUE(items[found[0].index].refusal().empty());
    EXPECT_FALSE(items[found.back().index].refusal().empty());
}

// Wrong if whoever opens it to see what there is met what is done on a prompt before anything else.
TEST(Palette, BeginsWithWhatIsDoneMost) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    auto items = command_actions(state);
    for (const char* id : {"panel.Log", "file.open", "layout.train"}) {
        items.emplace_back();
        items.back().id = items.back().title = id;
    }
    const auto found = search(items, "");
    std::vector<std::string> first;
    for (size_t i = 0; i < 3; ++i) first.push_back(items[found[i].index].id);
    EXPECT_EQ(first, (std::vector<std::string>{"pause", "layout.train", "file.open"}))
        << "a run in training can be paused, and neither resumed nor stepped";
    const auto at = [&](const char* id) {
        return std::ranges::find(found, id, [&](const Match& m) { return items[m.index].id; });
    };
    EXPECT_LT(at("checkpoint"), at("steer.stack"));
    EXPECT_LT(at("steer.stack"), at("step")) << "what is refused comes last";
}

// Wrong if initials that happen to spell a word came before the word itself.
TEST(Palette, AWordComesBeforeItsLettersInOthers) {
    std::vector<ActionItem> items(2);
    items[0].title = "Knock out experts on the prompt\xE2\x80\xA6";
    items[1].title = "Keep this arrangement as\xE2\x80\xA6";
    const auto found = search(items, "keep");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].index, 1u);
}

// Wrong if a word were not found behind another that holds its first letters: "trace" met a copy of
// the example that trains, and began it.
TEST(Palette, AWordIsFoundBehindOneThatBeginsLikeIt) {
    std::vector<ActionItem> items(5);
    items[0].title = "Train a copy of the example";
    items[1].title = "Trajectory: export the numbers as CSV";
    items[2].title = "Names of experts in the routing space";
    items[3].title = "Trajectory: Trace";
    items[4].title = "Trajectory: freeze routing";
    for (const char* query : {"trace", "Trac"})
        EXPECT_EQ(search(items, query)[0].index, 3u) << query;
    EXPECT_EQ(search(items, "train")[0].index, 0u);
}

// Wrong if the palette offered what the run refuses, or did not say why.
TEST(Palette, ReasonsComeFromTheStateTable) {
    AppState state;
    for (const auto& item : command_actions(state)) EXPECT_FALSE(item.refusal().empty()) << item.id;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    for (const auto& item : command_actions(state)) {
        if (item.id == "step") {
            EXPECT_EQ(item.refusal(), core::refusal(core::RunState::running, core::Action::step));
        } else if (item.id == "pause") {
            EXPECT_EQ(item.refusal(), "");
        }
    }
}

// Wrong if a command of the registry could not be reached from the palette, or a choice that needs
// arguments ran without asking for them.
TEST(Palette, ReachesEveryCommandOfTheRegistry) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    const auto items = command_actions(state);
    for (const auto& spec : core::command_registry()) {
        const bool there = std::any_of(items.begin(), items.end(), [&](const ActionItem& item) {
            return item.id == spec.name || item.id.starts_with(spec.name + " ") ||
                   item.id == spec.name + ".stack";
        });
        EXPECT_TRUE(there) << spec.name;
    }
    state.selection.layer = 2;
    state.selection.experts = {14};
    const auto steer = std::find_if(items.begin(), items.end(),
                                    [](const ActionItem& i) { return i.id == "steer.stack"; });
    ASSERT_NE(steer, items.end());
    steer->run();
    ASSERT_EQ(state.stack.items().size(), 1u);
    EXPECT_EQ(core::to_json(state.stack.items()[0].command),
              R"({"command":"steer","expert":14,"lambda":1.0,"layer":2})");
    EXPECT_EQ(state.show_panel, "intervene");
    EXPECT_TRUE(std::any_of(panel_table().begin(), panel_table().end(), [&](const PanelEntry& p) {
        return p.id == state.show_panel;
    })) << "the palette sends people to a panel that is not there";
}

// Wrong if a run that another process writes were offered anything but looking at it.
TEST(Palette, AFollowedRunTakesNoCommand) {
    AppState state;
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    session->mutable_status().followed = "Another process is writing this run.";
    state.attach(std::move(session));
    update_state(state);
    for (const auto& item : command_actions(state))
        EXPECT_EQ(item.refusal().empty(), item.title.ends_with("on the prompt…")) << item.id;
    EXPECT_EQ(typed_action(state, R"({"command": "checkpoint"})").refusal(),
              "Another process is writing this run.");
    EXPECT_EQ(refusal(state, core::Action::trace), nullptr);
}

// Wrong if a typed line ran unchecked.
TEST(Palette, TypedJsonIsChecked) {
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
    update_state(state);
    EXPECT_EQ(typed_action(state, R"({"command": "checkpoint"})").refusal(), "");
    EXPECT_FALSE(typed_action(state, R"({"command": "freze"})").refusal().empty());
    EXPECT_FALSE(typed_action(state, "{").refusal().empty());
    EXPECT_FALSE(
        typed_action(state, R"({"command": "set", "key": "lr", "value": "x"})").refusal().empty());
}

}  // namespace
}  // namespace hopscope::app
