// If these fail, a killed process fills the temporary directory for ever, or one process takes away
// what another, or a person, has there.
#include "core/base/scratch.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

class ScratchFolder : public ::testing::Test {
  protected:
    ScratchFolder() {
        const char* before = getenv("TMPDIR");
        before_ = before ? before : "";
        setenv("TMPDIR", dir_.path().c_str(), 1);
    }
    ~ScratchFolder() override {
        before_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before_.c_str(), 1);
    }
    size_t entries() const {
        return static_cast<size_t>(
            std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()));
    }
    TempFolder dir_;
    std::string before_;
};

TEST_F(ScratchFolder, GoesWithItsOwner) {
    {
        const Scratch one("eval"), two("eval");
        EXPECT_NE(one.path(), two.path());
        put_bytes(one.path() + "/train.tokens", "x");
        EXPECT_EQ(entries(), 2u);
    }
    EXPECT_EQ(entries(), 0u);
}

TEST_F(ScratchFolder, OfAKilledProcessGoesWithTheNext) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const Scratch left("trace");
        put_bytes(left.path() + "/train.tokens.partial-1", "x");
        const char c = 'x';
        (void)!::write(ready[1], &c, 1);
        for (;;) pause();
    }
    char c = 0;
    ASSERT_EQ(::read(ready[0], &c, 1), 1);
    {
        const Scratch beside("eval");
        EXPECT_EQ(entries(), 2u) << "its owner lives";
    }
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_EQ(entries(), 1u);
    { const Scratch next("eval"); }
    EXPECT_EQ(entries(), 0u);
    for (const int fd : ready) close(fd);
}

TEST_F(ScratchFolder, OfOthersStay) {
    const std::vector<std::string> others = {"hopscope-eval-12", "hopscope-eval-x", "hopscope-12",
                                             "other-eval-12", "hopscope_test_12"};
    for (const auto& name : others) {
        fs::create_directories(dir_ / name);
        put_bytes(dir_ / name + "/mine", "x");
        // Marked by nobody, or not of a name of ours.
        if (name != others.front()) put_bytes(dir_ / name + "/.lock", "");
    }
    put_bytes(dir_ / "hopscope-eval-13", "a file");
    fs::create_directories(dir_ / "elsewhere");
    put_bytes(dir_ / "elsewhere/.lock", "");
    fs::create_directory_symlink(dir_ / "elsewhere", dir_ / "hopscope-eval-14");
    const auto before = test::contents_of(dir_.path());
    { const Scratch next("eval"); }
    EXPECT_TRUE(test::contents_of(dir_.path()) == before);
}

}  // namespace
}  // namespace hopscope::core
