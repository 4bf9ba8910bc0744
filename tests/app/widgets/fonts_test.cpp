// What fonts cannot draw.
#include "app/widgets/fonts.h"

#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if an unknown glyph or broken UTF-8 showed as "?" or was lost.
TEST(Fonts, WhatCannotBeDrawnBecomesItsCodePoint) {
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;  // nothing is left behind
    ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    std::vector<std::string> messages;
    const Fonts fonts = load_fonts("/no/such/folder", messages);
    ASSERT_NE(fonts.text, nullptr);  // whatever is missing, there is a font
    EXPECT_EQ(messages.size(), 3u);  // and the log says what is missing
    EXPECT_EQ(displayable("plain", fonts.text), "plain");
    EXPECT_EQ(displayable("\xE4\xB8\xAD", fonts.text), "[U+4E2D]");
    EXPECT_EQ(displayable("a\xE4", fonts.text), "a[0xE4]");
    EXPECT_EQ(displayable("a\n", fonts.text), "a[U+000A]");
    ImGui::DestroyContext();
}

}  // namespace
}  // namespace hopscope::app
