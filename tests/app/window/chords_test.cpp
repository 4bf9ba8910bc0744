// If these fail, what is typed while frames take long arrives in another order, or not at all.
#include "app/window/chords.h"

#include <gtest/gtest.h>
#include <imgui.h>
#include <string>
#include <string_view>

namespace hopscope::app {
namespace {

/// A window with one text field, and a person who types faster than it is drawn.
class SlowFrames : public ::testing::Test {
  protected:
    void SetUp() override {
        ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {400, 200};
        io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
        for (int i = 0; i < 3; ++i) frame();  // the field has the focus
    }
    void TearDown() override {
        for (ImTextureData* texture : ImGui::GetPlatformIO().Textures)
            texture->SetStatus(ImTextureStatus_Destroyed);
        ImGui::DestroyContext();
    }
    /// @return whether events wait for the next one
    bool frame() {
        ImGui::GetIO().DeltaTime = 0.3F;
        const bool waiting = new_frame_with_whole_chords();
        if (ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_K)) ++chords_k;
        if (ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_J)) ++chords_j;
        ImGui::SetNextWindowSize({400, 200});
        ImGui::Begin("window");
        if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
        ImGui::InputText("field", text, sizeof text);
        ImGui::End();
        ImGui::Render();
        return waiting;
    }
    void key(ImGuiKey which) {
        ImGui::GetIO().AddKeyEvent(which, true);
        ImGui::GetIO().AddKeyEvent(which, false);
    }
    void modifier(ImGuiKey which, ImGuiKey mod, bool down) {
        ImGui::GetIO().AddKeyEvent(mod, down);
        ImGui::GetIO().AddKeyEvent(which, down);
    }
    void chord(ImGuiKey which) {
        modifier(ImGuiKey_LeftCtrl, ImGuiMod_Ctrl, true);
        key(which);
        modifier(ImGuiKey_LeftCtrl, ImGuiMod_Ctrl, false);
    }
    /// As a keyboard does: key down, its character, key up, with Shift around it where it needs it.
    void type(char c) {
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
        const bool shift =
            (letter && c < 'a') ||
            std::string_view("!\"#$%&()*+:<>?@_{}~").find(c) != std::string_view::npos;
        const ImGuiKey which = letter     ? static_cast<ImGuiKey>(ImGuiKey_A + ((c | 0x20) - 'a'))
                               : digit    ? static_cast<ImGuiKey>(ImGuiKey_0 + (c - '0'))
                               : c == ' ' ? ImGuiKey_Space
                                          : ImGuiKey_Period;
        if (shift) modifier(ImGuiKey_LeftShift, ImGuiMod_Shift, true);
        ImGui::GetIO().AddKeyEvent(which, true);
        ImGui::GetIO().AddInputCharacter(static_cast<unsigned>(c));
        ImGui::GetIO().AddKeyEvent(which, false);
        if (shift) modifier(ImGuiKey_LeftShift, ImGuiMod_Shift, false);
    }
    /// @return frames that it took
    int until_nothing_waits() {
        int frames = 1;
        while (frame() && frames < 1000) ++frames;
        return frames;
    }

    char text[512] = "";
    int chords_k = 0, chords_j = 0;
};

// The person types three to nine keys a frame of 300 ms.
TEST_F(SlowFrames, TwoHundredMixedCharactersArriveAsTheyWereTyped) {
    const std::string alphabet =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;-_!?\"{}[]:()";
    std::string typed;
    uint32_t state = 7;
    const auto draw = [&](uint32_t below) {
        state = state * 1664525 + 1013904223;
        return (state >> 8) % below;
    };
    while (typed.size() < 200) {
        for (uint32_t n = 3 + draw(7); n > 0 && typed.size() < 200; --n) {
            typed += alphabet[draw(static_cast<uint32_t>(alphabet.size()))];
            type(typed.back());
        }
        frame();
        EXPECT_TRUE(std::string_view(typed).starts_with(text)) << text;
    }
    EXPECT_LE(until_nothing_waits(), 3) << "a second";
    EXPECT_EQ(text, typed);
}

TEST_F(SlowFrames, KeysThatEditComeBetweenTheirCharacters) {
    for (const char c : std::string("river X")) type(c);
    key(ImGuiKey_Backspace);
    for (const char c : std::string("Bank")) type(c);
    key(ImGuiKey_Home);
    for (const char c : std::string("The ")) type(c);
    key(ImGuiKey_End);
    type('!');
    until_nothing_waits();
    EXPECT_STREQ(text, "The river Bank!");
}

// Shift that is let go in the frame of its arrow would only move the cursor.
TEST_F(SlowFrames, ASelectionByShiftIsKept) {
    for (const char c : std::string("abc")) type(c);
    modifier(ImGuiKey_LeftShift, ImGuiMod_Shift, true);
    key(ImGuiKey_LeftArrow);
    modifier(ImGuiKey_LeftShift, ImGuiMod_Shift, false);
    type('d');
    until_nothing_waits();
    EXPECT_STREQ(text, "abd");
}

// Both keys in one frame, the modifier first, as a fast hand does.
TEST_F(SlowFrames, AModifierOutlivesItsKeyByAFrame) {
    for (const bool down : {true, false}) {
        modifier(ImGuiKey_LeftCtrl, ImGuiMod_Ctrl, down);
        ImGui::GetIO().AddKeyEvent(ImGuiKey_K, down);
    }
    until_nothing_waits();
    EXPECT_EQ(chords_k, 1);
    EXPECT_FALSE(ImGui::GetIO().KeyCtrl);
    EXPECT_FALSE(ImGui::IsKeyDown(ImGuiKey_K));
}

TEST_F(SlowFrames, ChordsInOneFrameAreAllHeard) {
    chord(ImGuiKey_K);
    chord(ImGuiKey_J);
    chord(ImGuiKey_K);
    until_nothing_waits();
    EXPECT_EQ(chords_k, 2);
    EXPECT_EQ(chords_j, 1);
    EXPECT_STREQ(text, "");
}

}  // namespace
}  // namespace hopscope::app
