// Which runs a path names. If these fail, the window's comparison takes a race or a folder of runs
// for one run, or says nothing where there is none.
#include <filesystem>
#include <gtest/gtest.h>

#include "core/api/lab.h"
#include "core/config/write.h"
#include "core/run/run_folder.h"
#include "tests/temp_folder.h"

namespace hopscope::core::lab {
namespace {

using hopscope::test::TempFolder;

std::string make_run(const std::string& dir) {
    EXPECT_TRUE(RunFolder::create(dir, to_toml({}), {}));
    return dir;
}

TEST(RunsAt, ARunOrAllInAFolder) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "some/other");
    const std::string b = make_run(folder / "some/b"), a = make_run(folder / "some/a");
    const auto one = runs_at(a + "/");
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(*one, std::vector<std::string>{a});
    const auto all = runs_at(folder / "some");
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(*all, (std::vector<std::string>{a, b}));
}

TEST(RunsAt, NothingThereIsSaid) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "empty");
    const auto empty = runs_at(folder / "empty"), nowhere = runs_at(folder / "nowhere");
    ASSERT_FALSE(empty);
    EXPECT_NE(empty.error().message.find("no run lies here"), std::string::npos);
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().message.find("is no folder"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core::lab
