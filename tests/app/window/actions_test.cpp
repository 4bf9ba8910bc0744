// The list of actions: one entry each, whose keys are heard, whose words and keys agree with the
// registry of commands.
#include <algorithm>
#include <gtest/gtest.h>
#include <implot.h>
#include <map>
#include <set>

#include "app/state/keys.h"
#include "app/window/key_listener.h"
#include "app/window/shell.h"
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
    EXPECT_EQ(with_keys, 3);
}

// Wrong if two entries had one name, an entry had no words, a key could not be heard, or one key
// meant two things at once.
TEST(Actions, EveryEntryIsWholeAndItsKeysAreItsOwn) {
    OpenRun run;
    Shell shell(run.state, "");
    std::set<std::string> ids;
    std::map<ImGuiKeyChord, std::vector<const ActionItem*>> by_chord;
    for (const ActionItem& item : shell.actions()) {
        EXPECT_TRUE(ids.insert(item.id).second) << item.id;
        EXPECT_FALSE(item.title.empty()) << item.id;
        EXPECT_TRUE(item.help.ends_with('.')) << item.id << ": " << item.help;
        EXPECT_TRUE(item.run != nullptr) << item.id;
        if (item.keys.empty()) continue;
        EXPECT_FALSE(chords_of(item.keys).empty()) << item.id << ": " << item.keys;
        for (const ImGuiKeyChord chord : chords_of(item.keys)) by_chord[chord].push_back(&item);
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

// Wrong if pressing what an entry names did nothing, or another thing.
TEST(Actions, EveryKeyIsHeard) {
    QuietImGui imgui;
    OpenRun run;
    Shell shell(run.state, "");
    std::vector<std::string> done;
    std::vector<ActionItem> items(shell.actions().begin(), shell.actions().end());
    for (ActionItem& item : items) {
        item.why_not = nullptr;
        item.run = [&done, id = item.id] { done.push_back(id); };
    }
    KeyListener listener;
    const auto frame = [&](ImGuiKeyChord chord, bool down) {
        ImGuiIO& io = ImGui::GetIO();
        for (const ImGuiKey mod : {ImGuiMod_Ctrl, ImGuiMod_Shift, ImGuiMod_Alt})
            if (chord & mod) io.AddKeyEvent(mod, down);
        io.AddKeyEvent(static_cast<ImGuiKey>(chord & ~ImGuiMod_Mask_), down);
        ImGui::NewFrame();
        listener.listen(run.state, items);
        ImGui::EndFrame();
    };
    int pressed_keys = 0;
    for (const core::RunState present : {core::RunState::running, core::RunState::paused}) {
        run.session->set_state(present);
        update_state(run.state);
        for (const ActionItem& item : items)
            for (const ImGuiKeyChord chord : chords_of(item.keys)) {
                done.clear();
                frame(chord, true);
                const bool mine = !item.panel_listens && (!item.listens || item.listens());
                if (mine) {
                    EXPECT_EQ(done, std::vector<std::string>{item.id}) << item.keys;
                }
                frame(chord, false);
                ++pressed_keys;
            }
    }
    EXPECT_GT(pressed_keys, 30);
}

TEST(Keys, TextsAndChords) {
    EXPECT_EQ(chords_of("Ctrl+Shift+Z"),
              std::vector<ImGuiKeyChord>{ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z});
    EXPECT_EQ(chords_of("Ctrl++").size(), 3u);  // = with and without Shift, and the keypad's
    EXPECT_EQ(chords_of("Ctrl+-").size(), 2u);
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
