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
        auto one = Scratch::make("eval"), two = Scratch::make("eval");
        ASSERT_TRUE(one.ok()) << one.error().message;
        ASSERT_TRUE(two.ok());
        EXPECT_NE(one->path(), two->path());
        const Scratch other = std::move(*one);  // whoever holds it now
        put_bytes(other.path() + "/train.tokens", "x");
        EXPECT_EQ(entries(), 2u);
    }
    EXPECT_EQ(entries(), 0u);
}

TEST_F(ScratchFolder, OfAKilledProcessGoesWithTheNext) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto left = Scratch::make("trace");
        put_bytes(left->path() + "/train.tokens.partial-1", "x");
        const char c = 'x';
        (void)!::write(ready[1], &c, 1);
        for (;;) pause();
    }
    char c = 0;
    ASSERT_EQ(::read(ready[0], &c, 1), 1);
    {
        const auto beside = Scratch::make("eval");
        EXPECT_EQ(entries(), 2u) << "its owner lives";
    }
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_EQ(entries(), 1u);
    EXPECT_TRUE(Scratch::make("eval").ok());
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
        if (name != others.front()) put_bytes(dir_ / name + "/.hopscope-scratch", "");
    }
    put_bytes(dir_ / "hopscope-eval-13", "a file");
    fs::create_directories(dir_ / "elsewhere");
    put_bytes(dir_ / "elsewhere/.hopscope-scratch", "");
    fs::create_directory_symlink(dir_ / "elsewhere", dir_ / "hopscope-eval-14");
    const auto before = test::contents_of(dir_.path());
    EXPECT_TRUE(Scratch::make("eval").ok());
    EXPECT_TRUE(test::contents_of(dir_.path()) == before);
}

// Wrong if a run that a person called so, or a copy of a scratch, were taken for a leftover: a
// run's folder is locked by a file of its own.
TEST_F(ScratchFolder, ARunOfSuchANameStays) {
    std::string left;
    {
        const auto made = Scratch::make("eval");
        ASSERT_TRUE(made.ok());
        left = fs::path(made->path()).filename().string();
        fs::copy(made->path(), dir_ / "hopscope-eval-7");
    }
    fs::copy(dir_ / "hopscope-eval-7", dir_ / left);  // as a killed process leaves it
    fs::create_directories(dir_ / "hopscope-wide-42");
    put_bytes(dir_ / "hopscope-wide-42/.lock", "");
    put_bytes(dir_ / "hopscope-wide-42/config.toml", "x");
    EXPECT_TRUE(Scratch::make("eval").ok());
    EXPECT_FALSE(fs::exists(dir_ / left));
    EXPECT_TRUE(fs::exists(dir_ / "hopscope-eval-7"));
    EXPECT_TRUE(fs::exists(dir_ / "hopscope-wide-42/config.toml"));
}

TEST_F(ScratchFolder, ABadTemporaryFolderIsSaidInASentence) {
    for (const std::string& named : {dir_ / "none", dir_.write("file", "")}) {
        setenv("TMPDIR", named.c_str(), 1);
        const auto made = Scratch::make("test");
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.error().kind, ErrorKind::usage);
        for (const std::string& part : {std::string("TMPDIR"), named.substr(named.size() - 4)})
            EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
    }
}

}  // namespace
}  // namespace hopscope::core
