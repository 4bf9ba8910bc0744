// The list of actions: one entry each, whose keys are heard, whose words and keys agree with the
// registry of commands, and which stands in the menus where it says.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <implot.h>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "app/state/keys.h"
#include "app/window/key_listener.h"
#include "app/window/menu_bar.h"
#include "app/window/shell.h"
#include "core/api/command_registry.h"
#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

/// An ImGui without screen or files, for the time of a test.
struct QuietImGui {
    QuietImGui() {
        ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
        io.DisplaySize = ImVec2(100, 100);
    }
    ~QuietImGui() { ImGui::DestroyContext(); }
};

struct OpenRun {
    OpenRun() {
        auto made = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
        session = made.get();
        state.attach(std::move(made));
        update_state(state);
    }
    AppState state;
    gui_test::FakeSession* session = nullptr;
};

// Wrong if a key stood in the registry that the window does not hear, or the window wrote another.
TEST(Actions, KeysOfCommandsAreTheRegistrys) {
    OpenRun run;
    const auto items = command_actions(run.state);
    int with_keys = 0;
    for (const auto& spec : core::command_registry()) {
        const ActionItem* item = find_action(items, spec.name);
        if (spec.shortcut.empty()) {
            if (item) {
                EXPECT_EQ(item->keys, "") << spec.name;
            }
            continue;
        }
        ASSERT_NE(item, nullptr) << spec.name;
        EXPECT_EQ(item->keys, spec.shortcut);
        EXPECT_EQ(item->title, spec.title);
        EXPECT_EQ(item->help, spec.help);
        EXPECT_FALSE(chords_of(spec.shortcut).empty()) << spec.shortcut << " names no key";
        ++with_keys;
    }
    EXPECT_EQ(with_keys, 4);
}

// Wrong if two entries had one name, an entry had no words, a key could not be heard, or one key
// meant two things at once: in the window, or in one panel.
TEST(Actions, EveryEntryIsWholeAndItsKeysAreItsOwn) {
    OpenRun run;
    Shell shell(run.state, "");
    std::set<std::string> ids;
    std::map<std::pair<std::string, ImGuiKeyChord>, std::vector<const ActionItem*>> by_chord;
    for (const ActionItem& item : shell.actions()) {
        EXPECT_TRUE(ids.insert(item.id).second) << item.id;
        EXPECT_FALSE(item.title.empty()) << item.id;
        EXPECT_TRUE(item.help.ends_with('.')) << item.id << ": " << item.help;
        EXPECT_TRUE(item.run != nullptr) << item.id;
        if (item.keys.empty()) continue;
        EXPECT_FALSE(chords_of(item.keys).empty()) << item.id << ": " << item.keys;
        for (const ImGuiKeyChord chord : chords_of(item.keys))
            by_chord[{item.panel, chord}].push_back(&item);
    }
    for (const auto& [chord, items] : by_chord)
        if (items.size() > 1) {
            for (const ActionItem* item : items) EXPECT_TRUE(item->listens) << item->id;
            const auto heard = std::count_if(
                items.begin(), items.end(), [](const ActionItem* item) { return item->listens(); });
            EXPECT_EQ(heard, 1) << items[0]->keys;
        }
    for (const char* id : {"pause", "file.open", "layout.inspect", "panel.Log", "stack.undo"})
        EXPECT_NE(find_action(shell.actions(), id), nullptr) << id;
}

/// A window of actions that only say that they were done, and a keyboard.
class Keyboard : public ::testing::Test {
  protected:
    Keyboard() {
        run.session->request_trace({run.state.prompt, {}});
        update_state(run.state);
        items.assign(shell.actions().begin(), shell.actions().end());
        for (ActionItem& item : items) {
            item.why_not = nullptr;
            item.run = [this, id = item.id] { done.push_back(id); };
        }
    }
    void frame(ImGuiKeyChord chord, bool down, const Attention& attention) {
        ImGuiIO& io = ImGui::GetIO();
        for (const ImGuiKey mod : {ImGuiMod_Ctrl, ImGuiMod_Shift, ImGuiMod_Alt})
            if (chord & mod) io.AddKeyEvent(mod, down);
        io.AddKeyEvent(static_cast<ImGuiKey>(chord & ~ImGuiMod_Mask_), down);
        ImGui::NewFrame();
        listener.listen(run.state, items, attention);
        ImGui::EndFrame();
    }
    /// What a press does.
    std::vector<std::string> press(ImGuiKeyChord chord, const Attention& attention) {
        done.clear();
        frame(chord, true, attention);
        frame(chord, false, attention);
        return done;
    }

    QuietImGui imgui;
    OpenRun run;
    Shell shell{run.state, ""};
    KeyListener listener;
    std::vector<ActionItem> items;
    std::vector<std::string> done;
};

// Wrong if pressing what an entry names did nothing, or another thing.
TEST_F(Keyboard, EveryKeyIsHeard) {
    int pressed_keys = 0;
    for (const core::RunState present : {core::RunState::running, core::RunState::paused}) {
        run.session->set_state(present);
        update_state(run.state);
        for (const ActionItem& item : items)
            for (const ImGuiKeyChord chord : chords_of(item.keys)) {
                const auto was_done = press(chord, {.focused = item.panel, .pointed = {}});
                if (!item.listens || item.listens()) {
                    EXPECT_EQ(was_done, std::vector<std::string>{item.id}) << item.keys;
                }
                ++pressed_keys;
            }
    }
    EXPECT_GT(pressed_keys, 40);
}

// Wrong if an arrow stepped the run and walked along the prompt at once, a panel heard keys while
// another has the keyboard, or a panel without a prompt took the run's key.
TEST_F(Keyboard, ThePanelWithTheKeyboardComesFirst) {
    using Done = std::vector<std::string>;
    EXPECT_EQ(press(ImGuiKey_RightArrow, {.focused = "Trajectory"}), Done{"trajectory.after"});
    EXPECT_EQ(press(ImGuiKey_RightArrow, {.focused = "Log"}), Done{"step"});
    EXPECT_EQ(press(ImGuiKey_RightArrow, {.focused = "Log", .pointed = "Trajectory"}),
              Done{"step"});
    EXPECT_EQ(press(ImGuiKey_F, {.focused = "Log", .pointed = "Routing space"}),
              Done{"routing_space.focus"});
    EXPECT_EQ(press(ImGuiKey_F, {.focused = "Log"}), Done{});
    run.state.trace = nullptr;
    EXPECT_EQ(press(ImGuiKey_RightArrow, {.focused = "Trajectory"}), Done{"step"});
}

// Wrong if a held arrow walked one token only, or a held one made many steps.
TEST_F(Keyboard, OnlyWhatRepeatsIsDoneAgain) {
    for (const char* focused : {"Trajectory", "Log"}) {
        done.clear();
        for (int i = 0; i < 60; ++i) frame(ImGuiKey_RightArrow, true, {.focused = focused});
        frame(ImGuiKey_RightArrow, false, {});
        EXPECT_EQ(done.size() > 3, std::string(focused) == "Trajectory") << done.size();
        EXPECT_GE(done.size(), 1u);
    }
}

// Wrong if an action were missing in its menu, stood in another, or at another place.
TEST(Actions, MenusAreAsTheyWere) {
    OpenRun run;
    Shell shell(run.state, "");
    const auto shown = [&](Menu menu) {
        std::string text;
        int group = 0;
        for (const ActionItem* item : items_of(menu, shell.actions())) {
            if (group != 0 && item->menu.group != group) text += "--\n";
            group = item->menu.group;
            text += item->title + (item->keys.empty() ? "" : "  [" + item->keys + "]") + "\n";
        }
        return text;
    };
    EXPECT_EQ(shown(Menu::file),
              "Open the example\nStart first look\nRace dense, wide and deep\n"
              "Open run or config…  [Ctrl+O]\nOpen recent run\nRace configurations…\n"
              "Train a copy of the example\nSave session…  [Ctrl+S]\nCompare with other runs…\n"
              "Close run\n"
              "--\nQuit  [Ctrl+Q]\n");
    EXPECT_EQ(shown(Menu::run),
              "Resume the run  [Space]\nPause the run  [Space]\nMake single steps  [Right arrow]\n"
              "Make ten steps  [T]\n--\nWrite a checkpoint\nEvaluate now\n--\n"
              "Stop the run  [Ctrl+.]\n");
    std::string panels;
    for (const PanelEntry& panel : panel_table()) {
        const std::string keys = panel.keys;
        panels += std::string("Show or shut ") + panel.make()->title() +
                  (keys.empty() ? "" : "  [" + keys + "]") + "\n";
    }
    EXPECT_EQ(shown(Menu::view),
              "Dark or light theme\nColours of values\nScale of pictures\nLarger  "
              "[Ctrl++]\nSmaller  [Ctrl+-]\nNormal "
              "size  [Ctrl+0]\n"
              "Motion on or off\n--\n" +
                  panels);
    EXPECT_EQ(shown(Menu::layout),
              "Layout Train  [1]\nLayout Inspect  [2]\nLayout Intervene  [3]\n"
              "Layout Compare  [4]\n"
              "--\nReset this layout\nKeep this arrangement as…\n");
    EXPECT_EQ(shown(Menu::help),
              "Command palette  [Ctrl+P]\nHelp on panels and keys  [?]\n"
              "Tour in three steps\n");
}

// Wrong if a menu did not show what is on, or what moves nothing at once were switched without a
// word.
TEST(Actions, SwitchesSayHowTheyStand) {
    OpenRun run;
    Shell shell(run.state, "");
    const auto item = [&](const char* id) -> const ActionItem& {
        return *find_action(shell.actions(), id);
    };
    EXPECT_TRUE(item("layout.train").is_on());
    item("layout.inspect").run();
    EXPECT_TRUE(item("layout.inspect").is_on());
    EXPECT_FALSE(item("layout.train").is_on());
    for (const char* word : {"motion is off", "motion is on"}) {
        item("view.animations").run();
        EXPECT_EQ(item("view.animations").is_on(), std::string(word).ends_with("on"));
        ASSERT_FALSE(run.state.log.empty());
        EXPECT_TRUE(run.state.log.back().text.ends_with(word)) << run.state.log.back().text;
    }
    item("view.pictures.3").run();
    EXPECT_EQ(run.state.settings.picture_scale, 3);
    EXPECT_TRUE(run.state.log.back().text.ends_with("3")) << run.state.log.back().text;
    run.state.settings.scale = kMaxScale;
    EXPECT_NE(item("view.larger").refusal(), "");
    EXPECT_EQ(item("view.smaller").refusal(), "");
    run.state.settings.scale = kMinScale;
    EXPECT_EQ(item("view.larger").refusal(), "");
    EXPECT_NE(item("view.smaller").refusal(), "");
}

// Wrong if a key were heard past the entries: it would be in no list, and heard where another has
// the keyboard.
TEST(Actions, NobodyElseListensToKeys) {
    const std::set<std::string> allowed = {
        "state/keys.h",
        "state/keys.cpp",  // what a text means
        "window/key_listener.cpp",
        "window/palette.cpp",   // a list that is walked while text is typed
        "widgets/widgets.cpp",  // the Cancel of a dialog
    };
    const std::regex listens(
        R"(\b(IsKey(Pressed|Down|Released|ChordPressed)|GetKeyPressedAmount|Shortcut|SetNextItemShortcut|pressed)\()");
    const std::filesystem::path app = HOPSCOPE_APP;
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(app)) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
        std::ifstream in(entry.path());
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        if (std::regex_search(text, listens))
            found.insert(std::filesystem::relative(entry.path(), app).string());
    }
    EXPECT_EQ(found, allowed);
}

// Wrong if something that is pressed on a panel had no name for the palette. button() notes its
// own.
TEST(Actions, WhatIsPressedOnAPanelHasAName) {
    const std::map<std::string, int> without = {
        {"halting/curve.cpp", 1},                 // the panel names it
        {"routing_space/controls.cpp", 2},        // one named where it stands, one in a popup
        {"routing_space/selection_menu.cpp", 1},  // in a popup
        {"run/fork_controls.cpp", 1},             // in a question
        {"trajectory/grid.cpp", 1},               // the panel names it
        {"trajectory/matrix.cpp", 1},             // likewise
    };
    const std::regex presses(
        R"(ImGui::(Button|SmallButton|ArrowButton|Checkbox|RadioButton|BeginCombo)\()");
    const std::filesystem::path panels = std::filesystem::path(HOPSCOPE_APP) / "panels";
    std::map<std::string, int> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(panels)) {
        if (entry.path().extension() != ".cpp") continue;
        std::ifstream in(entry.path());
        std::string before[3];  // the lines above
        for (std::string line; std::getline(in, line);) {
            const bool named = std::ranges::any_of(before, [](const std::string& above) {
                return above.find("by_name(") != std::string::npos;
            });
            if (std::regex_search(line, presses) && !named)
                ++found[std::filesystem::relative(entry.path(), panels).string()];
            std::ranges::rotate(before, before + 1);
            before[2] = line;
        }
    }
    EXPECT_EQ(found, without) << "call by_name() before it";
}

TEST(Keys, TextsAndChords) {
    EXPECT_EQ(chords_of("Ctrl+Shift+Z"),
              std::vector<ImGuiKeyChord>{ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z});
    EXPECT_EQ(chords_of("Ctrl++").size(), 3u);  // = with and without Shift, and the keypad's
    EXPECT_EQ(chords_of("Ctrl+-").size(), 2u);
    EXPECT_EQ(chords_of("Ctrl+."), std::vector<ImGuiKeyChord>{ImGuiMod_Ctrl | ImGuiKey_Period});
    EXPECT_EQ(chords_of("?"), std::vector<ImGuiKeyChord>{ImGuiMod_Shift | ImGuiKey_Slash});
    for (const char* none : {"", "Ctrl+", "space", "AB", "\xC3\xA4"})
        EXPECT_TRUE(chords_of(none).empty()) << none;
    EXPECT_TRUE(plain_keys("Space"));
    EXPECT_TRUE(plain_keys("Shift+A"));
    EXPECT_FALSE(plain_keys("Ctrl+O"));
    EXPECT_EQ(with_keys("Makes one update.", "Right arrow"), "Makes one update (Right arrow)");
    EXPECT_EQ(with_keys("One. Two.", ""), "One. Two.");
}

}  // namespace
}  // namespace hopscope::app
