// Files of word lists that are not what was meant: if these fail, a command waits for ever or reads
// what is no list.
#include "core/trainer/categories.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>

#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

using test::TempFolder;

std::string complaint_about(const std::string& folder) {
    const auto read = read_word_lists(folder);
    EXPECT_FALSE(read.ok());
    if (read) return {};
    EXPECT_EQ(read.error().kind, ErrorKind::usage);
    return read.error().message;
}

TEST(WordLists, APipeAmongTheCategories) {
    const TempFolder folder;
    folder.write("lists/places.toml", "\xef\xbb\xbfwords = [\"the\"]\n");
    ASSERT_EQ(read_word_lists(folder / "lists")->at("places"), std::vector<std::string>{"the"});
    ASSERT_EQ(::mkfifo((folder / "lists/pipe.toml").c_str(), 0600), 0);
    EXPECT_NE(complaint_about(folder / "lists").find("pipe.toml: is a named pipe"),
              std::string::npos);
    std::filesystem::remove(folder / "lists/pipe.toml");
    folder.write("lists/odd.toml", "\"a\\u001b[2J" + std::string(500, 'k') + "\" = 1\n");
    const auto odd = complaint_about(folder / "lists");
    EXPECT_NE(odd.find("odd.toml: unknown key \"a\\x1b[2Jkkk"), std::string::npos) << odd;
    EXPECT_LT(odd.size(), 400u);
}

}  // namespace
}  // namespace hopscope::core
