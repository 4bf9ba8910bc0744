// Theme, and the settings kept.
#include "app/state/settings.h"

#include <gtest/gtest.h>

#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

// Wrong if text fell below 4.5 : 1 on a surface it is written on.
TEST(Theme, TextIsReadableOnEverySurface) {
    for (bool dark : {true, false}) {
        const Theme& t = theme_of(dark);
        for (const ImVec4& surface : {t.panel, t.background, t.raised}) {
            EXPECT_GE(contrast(t.text, surface), 4.5f);
            EXPECT_GE(contrast(t.chrome_dim, surface), 4.5f);
        }
        EXPECT_GE(contrast(t.dim, t.panel), 4.5f);
        EXPECT_GE(contrast(t.accent_text, selected_fill(t)), 4.5f);
        EXPECT_GE(contrast(t.amber_text, t.panel), 4.5f);
        EXPECT_GE(contrast(t.amber_text, t.background), 4.5f);
        EXPECT_GE(contrast(t.red_text, t.panel), 4.5f);
        EXPECT_GE(contrast(t.red_text, t.background), 4.5f);
    }
}

// Wrong if what the user chose were lost, or a damaged file kept the window from opening.
TEST(SettingsFile, ReadsBackAndSurvivesDamage) {
    const test::TempFolder folder;
    SavedWindow saved;
    saved.settings.dark = false;
    saved.settings.scale = 1.5f;
    saved.settings.width = 1024;
    saved.settings.height = 700;
    saved.layout = "Inspect";
    saved.shut["Log##Train"] = true;
    saved.settings.toured = true;
    saved.settings.colours = viz::ColourMap::magma;
    saved.settings.picture_scale = 3;
    saved.last_config = "configs/a \"b\".toml";
    ASSERT_EQ(save_settings(folder.path(), saved), "");
    std::string problem;
    SavedWindow back = load_settings(folder.path(), problem);
    EXPECT_EQ(problem, "");
    EXPECT_EQ(back.settings, saved.settings);
    EXPECT_EQ(back.shut, saved.shut);
    EXPECT_EQ(back.last_config, saved.last_config);
    for (const char* text :
         {"", "{", "[]", "{\"scale\": \"big\"}", "{\"shut\": 3}", "{\"colours\": 1}", "\x80\xff"}) {
        folder.write("settings.json", text);
        problem.clear();
        back = load_settings(folder.path(), problem);
        EXPECT_EQ(back.settings, Settings{}) << text;
        EXPECT_NE(problem.find("settings.json"), std::string::npos) << text;
    }
    folder.write("settings.json", "{\"scale\": 1e9}");
    EXPECT_LE(load_settings(folder.path(), problem).settings.scale, kMaxScale);
    folder.write("settings.json", "{\"picture_scale\": 100}");
    EXPECT_EQ(load_settings(folder.path(), problem).settings.picture_scale, kMostPictureScale);
    folder.write("settings.json", "{\"colours\": \"of a later version\"}");
    EXPECT_EQ(load_settings(folder.path(), problem).settings.colours, viz::ColourMap::automatic);
    EXPECT_NE(save_settings("/proc/no/such", saved), "");
}

// Wrong if what an earlier version kept were lost, or what is written now were not what is kept.
TEST(SettingsFile, OfEachVersion) {
    SavedWindow saved;
    std::string kept;
    for (const char* version : {"2026-11-28", "2026-11-29", "2026-11-29b", "2026-11-29c"}) {
        kept = std::string(HOPSCOPE_FORMATS) + "/" + version + "/window";
        std::string problem;
        saved = load_settings(kept, problem);
        EXPECT_EQ(problem, "");
        EXPECT_FALSE(saved.settings.dark);
        EXPECT_EQ(saved.settings.scale, 1.5f);
        EXPECT_EQ(saved.layout, "Inspect");
        EXPECT_EQ(saved.shut, (std::map<std::string, bool>{{"Log##Train", true}}));
        EXPECT_EQ(saved.last_config, "configs/first_look.toml");
    }
    EXPECT_EQ(saved.settings.width, 1280);
    EXPECT_EQ(saved.settings.height, 800);
    EXPECT_TRUE(saved.settings.maximised);
    EXPECT_TRUE(saved.settings.toured);
    EXPECT_EQ(saved.settings.colours, viz::ColourMap::viridis);
    EXPECT_EQ(saved.settings.picture_scale, 2);
    const test::TempFolder folder;
    ASSERT_EQ(save_settings(folder.path(), saved), "");
    EXPECT_EQ(test::bytes_of(folder / "settings.json"), test::bytes_of(kept + "/settings.json"));
}

}  // namespace
}  // namespace hopscope::app
