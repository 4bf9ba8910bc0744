// What fonts cannot draw.
#include "app/widgets/fonts.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

// Wrong if an unknown glyph or broken UTF-8 showed as "?" or was lost.
TEST(Fonts, WhatCannotBeDrawnBecomesItsCodePoint) {
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;  // nothing is left behind
    ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    std::vector<std::string> messages;
    const Fonts fonts = load_fonts("/no/such/folder", messages, {});
    ASSERT_NE(fonts.text, nullptr);  // whatever is missing, there is a font
    EXPECT_EQ(messages.size(), 3u);  // and the log says what is missing
    EXPECT_EQ(displayable("plain", fonts.text), "plain");
    EXPECT_EQ(displayable("\xE4\xB8\xAD", fonts.text), "[U+4E2D]");
    EXPECT_EQ(displayable("a\xE4", fonts.text), "a[0xE4]");
    EXPECT_EQ(displayable("a\n", fonts.text), "a[U+000A]");
    EXPECT_EQ(missing_font("plain\n", fonts.text), "");
    const std::string cjk = missing_font("a\xE4\xB8\xAD", fonts.text);
    EXPECT_NE(cjk.find("U+4E2D"), std::string::npos) << cjk;
    EXPECT_NE(cjk.find("fonts-noto-cjk"), std::string::npos) << cjk;
    // The fallback font of Chinese has no Hangul: to install it again would not help.
    const std::string korean = missing_font("\xED\x95\x9C", fonts.text);
    EXPECT_NE(korean.find("fonts-nanum"), std::string::npos) << korean;
    EXPECT_EQ(korean.find("droid"), std::string::npos) << korean;
    EXPECT_NE(missing_font("\xF0\x9F\x9A\x80", fonts.text).find("fonts-symbola"),
              std::string::npos);
    ImGui::DestroyContext();
}

// Wrong if a script had to be drawn as code points although a font with it is installed, in
// whatever folder below a root, or one damaged font took the others with it.
TEST(Fonts, InstalledScriptsAreFound) {
    const std::string font = std::string(HOPSCOPE_TEST_EXE_DIR) + "/assets/fonts/DejaVuSans.ttf";
    const std::string armenian = "\xD4\xB1";  // DejaVu has it, ImGui's own font has not
    for (const bool installed : {false, true}) {
        const test::TempFolder root;
        root.write("emoji/Symbola.ttf", "no font");
        std::filesystem::create_directories(root / "share/truetype/some");
        if (installed)
            std::filesystem::copy_file(font, root / "share/truetype/some/wqy-zenhei.ttc");
        ImGui::CreateContext();
        ImGui::GetIO().IniFilename = nullptr;
        ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
        std::vector<std::string> messages;
        const Fonts fonts = load_fonts("/no/such/folder", messages, {"/no/root", root.path()});
        for (ImFont* face : {fonts.text, fonts.title, fonts.mono}) {
            EXPECT_EQ(displayable(armenian, face), installed ? armenian : "[U+0531]");
            EXPECT_EQ(missing_font(armenian, face).empty(), installed);
        }
        ImGui::DestroyContext();
    }
}

}  // namespace
}  // namespace hopscope::app
