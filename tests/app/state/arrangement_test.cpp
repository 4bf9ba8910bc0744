// Arrangements under a name: their file, their names, and what is done with them.
#include "app/state/arrangement.h"

#include <gtest/gtest.h>

#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

Arrangement made_up(const std::string& name) {
    Arrangement out;
    out.name = name;
    out.layout = "Inspect";
    ArrangedPart left, top, bottom;
    left.tabs = {"run", "log"};
    left.front = "log";
    left.center = true;
    top.tabs = {"curves"};
    bottom.tabs = {"experts"};
    ArrangedPart right;
    right.beside = false;
    right.share = 0.25f;
    right.parts = {top, bottom};
    out.docked.share = 0.75f;
    out.docked.parts = {left, right};
    out.floating = {{{"statistics", "halting"}, "halting", 0.5f, 0.25f, 0.25f, 0.5f}};
    out.shut = {"log", "model"};
    return out;
}

const std::vector<Arrangement> kTwo = {made_up("mine"), made_up("\xE5\xB7\x9D / ../\"x\" \\ #")};

// Wrong if anything of an arrangement were lost on its way through the file.
TEST(Arrangements, ReadBackWhatWasWritten) {
    const auto read = parse_arrangements(text_of(kTwo), "a.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, kTwo);
    EXPECT_EQ(kTwo[0].panels(), (std::set<std::string>{"run", "log", "curves", "experts",
                                                       "statistics", "halting", "model"}));
    test::TempFolder folder;
    std::string problem;
    EXPECT_TRUE(load_arrangements(folder.path(), problem).empty());
    EXPECT_EQ(save_arrangements(folder.path(), kTwo), "");
    EXPECT_EQ(load_arrangements(folder.path(), problem), kTwo);
    EXPECT_EQ(problem, "");
    EXPECT_NE(save_arrangements("", kTwo), "");
}

// Wrong if arrangements that were kept came to stand otherwise.
TEST(Arrangements, AreWrittenAsTheyWere) {
    EXPECT_EQ(text_of(kTwo),
              test::bytes_of(HOPSCOPE_FORMATS "/2026-11-29c/window/arrangements.json"));
}

// Wrong if a name that cannot be shown or told apart were taken, or one that can were not.
TEST(Arrangements, NamesAreChecked) {
    EXPECT_EQ(trimmed_name(" \t two words \n"), "two words");
    EXPECT_EQ(trimmed_name("   "), "");
    std::string sixty;
    for (int i = 0; i < 60; ++i) sixty += "\xE5\xB7\x9D";
    for (const std::string& good : {std::string("a"), std::string("../../etc/passwd"), sixty,
                                    std::string("Train"), std::string("50 % #1 \"x\"")})
        EXPECT_EQ(name_problem(good), "") << good;
    for (const auto& [bad, word] : std::vector<std::pair<std::string, std::string>>{
             {"", "Write a name"},
             {std::string(500, 'x'), "500 characters"},
             {sixty + "x", "61 characters"},
             {"a\nb", "cannot be seen"},
             {std::string("a\0b", 3), "cannot be seen"},
             {"a##b", "##"},
             {"a\xFF\xFE", "UTF-8"}}) {
        EXPECT_NE(name_problem(bad).find(word), std::string::npos) << name_problem(bad);
        Arrangements kept;
        kept.keep(made_up(bad));
        EXPECT_TRUE(kept.all().empty());
    }
}

// Wrong if a name stood for two, renaming lost one, or a list without end were kept.
TEST(Arrangements, AreKeptReplacedRenamedForgotten) {
    Arrangements kept;
    kept.keep(made_up("a"));
    kept.keep(made_up("b"));
    Arrangement other = made_up("a");
    other.layout = "Train";
    uint64_t version = kept.version();
    kept.keep(other);
    EXPECT_GT(kept.version(), version) << "the menu would not see it";
    ASSERT_EQ(kept.all().size(), 2u);
    EXPECT_EQ(kept.find("a")->layout, "Train");
    kept.rename("a", "b");
    EXPECT_NE(kept.find("a"), nullptr) << "b would be lost";
    kept.rename("a", "c");
    EXPECT_EQ(kept.all()[0].name, "c") << "it keeps its place";
    kept.rename("nothing", "d");
    kept.rename("c", "");
    EXPECT_EQ(kept.all().size(), 2u);
    version = kept.version();
    kept.forget("nothing");
    EXPECT_EQ(kept.version(), version);
    kept.forget("c");
    EXPECT_EQ(kept.all().size(), 1u);
    for (size_t i = 0; i < 2 * kMostArrangements; ++i) kept.keep(made_up(std::to_string(i)));
    EXPECT_EQ(kept.all().size(), kMostArrangements);
    EXPECT_NE(kept.refusal("one more"), "");
    EXPECT_EQ(kept.refusal("b"), "") << "what is there can be replaced";
}

// Wrong if a damaged file were taken, or its refusal did not say which file and what in it.
TEST(Arrangements, DamagedFilesAreRefused) {
    const std::string good = text_of({made_up("mine")});
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    std::string deep = "{\"tabs\": []}";
    for (int i = 0; i < 2000; ++i) deep = "{\"parts\": [" + deep + ", {\"tabs\": []}]}";
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"", "format"},
             {good.substr(0, good.size() / 2), "format"},
             {with("arrangements/1", "arrangements/9"), "format"},
             {with("\"arrangements\": [", "\"arrangements\": 1, \"a\": ["), "arrangements"},
             {with("\"beside\"", "\"aslant\""), "aslant"},
             {with("\"share\": 0.75", "\"share\": \"wide\""), "share"},
             {with("\"shut\": [", "\"shut\": 7, \"s\": ["), "shut"},
             {with("\"place\": [", "\"place\": [1, "), "place"},
             {with("\"docked\": {", "\"docked\": " + deep + ", \"d\": {"), "deep"}}) {
        const auto read = parse_arrangements(text, "here.json");
        ASSERT_FALSE(read) << word;
        EXPECT_NE(read.error().message.find("here.json: "), std::string::npos);
        EXPECT_NE(read.error().message.find(word), std::string::npos) << read.error().message;
        EXPECT_LT(read.error().message.size(), 400u);
    }
    // What would take a part out of sight is brought back; names that cannot be are left out.
    const auto read = parse_arrangements(with("\"share\": 0.75", "\"share\": -3"), "a");
    ASSERT_TRUE(read);
    EXPECT_EQ((*read)[0].docked.share, 0.5f);
    EXPECT_TRUE(parse_arrangements(with("\"mine\"", "\"\""), "a")->empty());
    test::TempFolder folder;
    test::put_bytes(folder / "arrangements.json", good.substr(3));
    std::string problem;
    EXPECT_TRUE(load_arrangements(folder.path(), problem).empty());
    EXPECT_NE(problem.find("arrangements.json"), std::string::npos) << problem;
}

}  // namespace
}  // namespace hopscope::app
