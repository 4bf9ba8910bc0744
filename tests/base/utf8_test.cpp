#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include "core/base/names.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

// Wrong if an error could command a terminal, break a document, or fill a screen.
TEST(Shown, EscapesWhatIsNoText) {
    EXPECT_EQ(shown("plain \u00e9 \u6f22 \U0001f642"), "plain \u00e9 \u6f22 \U0001f642");
    EXPECT_EQ(shown("a\x1b[2J\x7f"), "a\\x1b[2J\\x7f");
    EXPECT_EQ(shown(std::string_view("a\0b\nc\t", 6)), "a\\x00b\\nc\\t");
    EXPECT_EQ(shown("r\xe9sum\xe9"), "r\\xe9sum\\xe9");
    EXPECT_EQ(shown("\xc2\x9b"
                    "31m"),
              "\\xc2\\x9b31m")
        << "U+009B commands terminals too";
    EXPECT_EQ(shown("\xe6\xbc"), "\\xe6\\xbc") << "cut off";
    EXPECT_EQ(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
    EXPECT_EQ(in_quotes("a\n"), "\"a\\n\"");
}

TEST(Shown, IsCutAtEightyCharacters) {
    EXPECT_EQ(shown(std::string(80, 'x')), std::string(80, 'x'));
    EXPECT_EQ(shown(std::string(81, 'x')), std::string(80, 'x') + "\u2026");
    EXPECT_EQ(shown(std::string(size_t{1} << 20, 'x')), std::string(80, 'x') + "\u2026");
    std::string wide, kept;
    for (int i = 0; i < 100; ++i) wide += "\U0001f642";
    for (int i = 0; i < 80; ++i) kept += "\U0001f642";
    EXPECT_EQ(shown(wide), kept + "\u2026");
    EXPECT_FALSE(find_bad_utf8(shown(std::string(1000, '\xe9'))));
}

// Wrong if the end of a long path, which tells files apart, is what is left out.
TEST(Shown, APathKeepsItsEnd) {
    EXPECT_EQ(shown_path(std::string(200, 'p')), std::string(200, 'p'));
    const std::string path = "/" + std::string(3000, 'd') + "/file.toml";
    const std::string text = shown_path(path);
    EXPECT_LE(text.size(), 203u);
    EXPECT_TRUE(text.starts_with("/ddd"));
    EXPECT_TRUE(text.ends_with("d/file.toml"));
    std::string wide;
    for (int i = 0; i < 300; ++i) wide += "\u6f22";
    EXPECT_FALSE(find_bad_utf8(shown_path(wide)));
}

// Wrong if a name in a message could command the terminal, or the message's lines run together.
TEST(Printable, KeepsLinesAndNothingThatCommandsATerminal) {
    EXPECT_EQ(printable("a\nb \u6f22\n"), "a\nb \u6f22\n");
    EXPECT_EQ(printable("\x1b[2J\n\xff\r\t"), "\\x1b[2J\n\\xff\\x0d\\t");
    EXPECT_EQ(printable(std::string(1000, 'x')), std::string(1000, 'x'));
    EXPECT_EQ(printable(""), "");
}

// Wrong if a command that is offered for copying would name another file.
TEST(ShellWord, IsReadBackByAShell) {
    EXPECT_EQ(shell_word("runs/a-1.x"), "runs/a-1.x");
    EXPECT_EQ(shell_word("my run"), "'my run'");
    EXPECT_EQ(shell_word("a\\b"), "'a\\b'");
    EXPECT_EQ(shell_word(""), "''");
    const TempFolder dir;
    for (const std::string name :
         {"it's", "a\nb", "\x1b[2J", "r\xe9sum\xe9", "'\\'", "$(x) `y` \u6f22"}) {
        put_bytes(dir / "script", "printf %s " + shell_word(name));
        FILE* shell = ::popen(("bash " + (dir / "script")).c_str(), "r");
        ASSERT_NE(shell, nullptr);
        char back[64] = {};
        const size_t length = ::fread(back, 1, sizeof back, shell);
        EXPECT_EQ(::pclose(shell), 0) << shell_word(name);
        EXPECT_EQ(std::string(back, length), name) << shell_word(name);
    }
}

// Wrong if a message ends somewhere in a hundred names, or the right one is not among those told.
TEST(Names, OfALongListTheNearestAreTold) {
    std::vector<std::string> known = {"load"};
    EXPECT_EQ(chosen_names("--what", "loaf", known).error().message,
              "--what: found \"loaf\", allowed all, load, did you mean \"load\"?");
    for (int i = 0; i < 100; ++i) known.push_back("measure_" + std::to_string(i));
    const std::string message = chosen_names("--what", "measure_77x", known).error().message;
    EXPECT_LT(message.size(), 400u);
    EXPECT_TRUE(contains(message, "allowed all, measure_77,")) << message;
    EXPECT_TRUE(contains(message, "95 others")) << message;
}

// Wrong if a list in a message has no end, or hides that there is more.
TEST(Names, OfALongListTheFirstAreToldAndCounted) {
    EXPECT_EQ(joined_first({}, 2), "");
    EXPECT_EQ(joined_first({"a", "b"}, 2), "a, b");
    EXPECT_EQ(joined_first({"a", "b", "c", "d"}, 2, "; "), "a; b; and 2 more");
}

// Wrong if a run whose folder is given with a slash behind it, or as ".", had no name.
TEST(Names, AFolderIsCalledByItsLastPart) {
    EXPECT_EQ(folder_name("runs/first"), "first");
    EXPECT_EQ(folder_name("runs/first/"), "first");
    EXPECT_EQ(folder_name("runs/first/../second//"), "second");
    EXPECT_FALSE(folder_name(".").empty());
}

// Wrong if a run's name could not stand in a document, or names no folder that is found again.
TEST(Names, OfConfigurationsArePlain) {
    EXPECT_EQ(config_name_of("configs/first_look.toml"), "first_look");
    EXPECT_EQ(config_name_of("a/r\xe9sum\xe9.toml"), "r_sum_");
    EXPECT_EQ(config_name_of("\u6f22.toml"), "\u6f22");
    EXPECT_EQ(config_name_of("a\x1b.toml"), "a_");
    EXPECT_EQ(config_name_of("a/"), "");
    EXPECT_EQ(config_name_of("a/.hid.toml"), "hid") << "its folders would not be seen";
    EXPECT_EQ(config_name_of("...toml"), "config");
    EXPECT_EQ(config_name_of("a\u202egnp.toml"), "a___gnp") << "turns what follows around";
    // A folder of that name with a seed behind it can be made; no character is torn.
    EXPECT_EQ(config_name_of(std::string(300, 'x') + ".toml"), std::string(200, 'x'));
    EXPECT_EQ(config_name_of(std::string(199, 'x') + "\u6f22y.toml"), std::string(199, 'x'));
}

}  // namespace
}  // namespace hopscope::core
