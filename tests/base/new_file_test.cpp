#include "core/base/new_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

#include "core/base/files.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::string& dir) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(dir)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
}

// Wrong if a link of the user's is replaced by a file instead of followed.
TEST(NewFile, FollowsLinks) {
    const TempFolder dir;
    fs::create_directory(dir / "there");
    put_bytes(dir / "there/real", "old");
    fs::create_symlink("there/real", dir / "near");
    fs::create_symlink(dir / "near", dir / "far");
    ASSERT_TRUE(write_file_atomic(dir / "far", "new"));
    EXPECT_EQ(bytes_of(dir / "there/real"), "new");
    EXPECT_EQ(fs::read_symlink(dir / "far"), dir / "near");
    EXPECT_EQ(fs::read_symlink(dir / "near"), "there/real");
    fs::create_symlink("there/not_yet", dir / "dangling");
    ASSERT_TRUE(write_output(dir / "dangling", "made"));
    EXPECT_EQ(bytes_of(dir / "there/not_yet"), "made");
    EXPECT_TRUE(fs::is_symlink(dir / "dangling"));
    fs::create_symlink("circle", dir / "circle");
    EXPECT_FALSE(write_file_atomic(dir / "circle", "x"));
    EXPECT_EQ(names_of(dir / "there"), (std::vector<std::string>{"not_yet", "real"}));
}

// Wrong if a pipe, a device or a folder is replaced, or waited for.
TEST(NewFile, ReplacesRegularFilesOnly) {
    const TempFolder dir;
    ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
    fs::create_symlink(dir / "pipe", dir / "link");
    fs::create_directory(dir / "folder");
    for (const char* name : {"pipe", "link", "folder"}) {
        const auto written = write_file_atomic(dir / name, "x");
        ASSERT_FALSE(written) << name;
        EXPECT_EQ(written.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(written.error().message, "a regular file is expected")) << name;
    }
    EXPECT_EQ(kind_of_file(dir / "pipe"), FileKind::pipe);
    EXPECT_EQ(kind_of_file(dir / "folder"), FileKind::folder);
    EXPECT_FALSE(write_file_atomic("/dev/null", "x"));
    EXPECT_EQ(kind_of_file("/dev/null"), FileKind::device);
    EXPECT_EQ(names_of(dir.path()), (std::vector<std::string>{"folder", "link", "pipe"}));
}

// Wrong if a file that its owner keeps to themselves becomes readable by being replaced.
TEST(NewFile, KeepsThePermissions) {
    const TempFolder dir;
    put_bytes(dir / "private", "old");
    fs::permissions(dir / "private", fs::perms::owner_read | fs::perms::owner_write);
    ASSERT_TRUE(write_file_atomic(dir / "private", "new"));
    EXPECT_EQ(fs::status(dir / "private").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

// Wrong if a kill while a file is written leaves something behind, which nobody would ever sweep.
TEST(NewFile, AKillLeavesNothing) {
    const TempFolder dir;
    const auto half_written = [&] {
        auto file = NewFile::create(dir / "a");
        if (file && file->write("half")) raise(SIGKILL);
        return 0;
    };
    ASSERT_EQ(in_child(half_written), -1);
    const FileHandle unnamed(::open(dir.path().c_str(), O_TMPFILE | O_RDWR, 0600));
    if (!unnamed.valid()) GTEST_SKIP() << "this file system has no unnamed files";
    EXPECT_TRUE(fs::is_empty(dir.path()));
}

// Wrong if what is given up on the way stays, or takes the old file with it.
TEST(NewFile, GivenUpLeavesTheOldOne) {
    const TempFolder dir;
    put_bytes(dir / "a", "old");
    {
        auto file = NewFile::create(dir / "a");
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(file->write("new"));
    }
    EXPECT_EQ(bytes_of(dir / "a"), "old");
    EXPECT_EQ(names_of(dir.path()), std::vector<std::string>{"a"});
}

// Wrong if what was begun in a folder lands in one that took its place meanwhile.
TEST(NewFile, LandsInTheFolderWhereItWasBegun) {
    const TempFolder dir;
    fs::create_directory(dir / "run");
    auto file = NewFile::create(dir / "run/a");
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE(file->write("mine"));
    fs::rename(dir / "run", dir / "was");
    fs::create_directory(dir / "run");
    EXPECT_TRUE(file->finish());
    EXPECT_TRUE(fs::is_empty(dir / "run"));
    EXPECT_EQ(bytes_of(dir / "was/a"), "mine");
}

// Wrong if a copy is not all of it, or a copy that cannot be takes the old file with it.
TEST(NewFile, CopiesWhole) {
    const TempFolder dir;
    const std::string much(200'000, 'm');
    put_bytes(dir / "from", much);
    put_bytes(dir / "to", "old");
    ASSERT_TRUE(copy_file(dir / "from", dir / "to"));
    EXPECT_EQ(bytes_of(dir / "to"), much);
    EXPECT_EQ(bytes_of(dir / "from"), much);
    EXPECT_FALSE(copy_file(dir / "none", dir / "to"));
    EXPECT_FALSE(copy_file(dir.path(), dir / "to"));
    EXPECT_EQ(bytes_of(dir / "to"), much);
    EXPECT_FALSE(copy_file(dir / "from", dir / "none/to"));
    EXPECT_EQ(names_of(dir.path()), (std::vector<std::string>{"from", "to"}));
}

// Wrong if a folder that was deleted comes back through one inside it, or one that is there is
// called an error.
TEST(MakeFolder, MakesOneFolderAndNothingAbove) {
    const TempFolder dir;
    EXPECT_TRUE(make_folder(dir / "a"));
    EXPECT_TRUE(make_folder(dir / "a"));
    EXPECT_TRUE(make_folder(dir / "a/b"));
    const auto above = make_folder(dir / "gone/c");
    ASSERT_FALSE(above);
    EXPECT_TRUE(contains(above.error().message, dir / "gone/c"));
    put_bytes(dir / "file", "");
    EXPECT_FALSE(make_folder(dir / "file"));
    EXPECT_EQ(names_of(dir.path()), (std::vector<std::string>{"a", "file"}));
}

// Wrong if several who write one file at the same time spoil it or fail.
TEST(NewFile, WritersAtTheSameTimeAllSucceed) {
    const TempFolder dir;
    std::vector<std::thread> writers;
    std::atomic<int> failed{0};
    for (int w = 0; w < 4; ++w)
        writers.emplace_back([&, w] {
            for (int i = 0; i < 50; ++i)
                if (!write_file_atomic(dir / "a", std::string(1000, static_cast<char>('a' + w))))
                    ++failed;
        });
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(failed, 0);
    const std::string last = bytes_of(dir / "a");
    EXPECT_EQ(last, std::string(1000, last.at(0)));
    EXPECT_EQ(names_of(dir.path()), std::vector<std::string>{"a"});
}

/// The message without its "--out: PATH ".
std::string why_not(const std::string& path, OutputUse use = OutputUse::stream) {
    const auto fits = check_output(path, use);
    if (fits) return "";
    EXPECT_EQ(fits.error().kind, ErrorKind::usage);
    EXPECT_TRUE(fits.error().message.starts_with("--out")) << fits.error().message;
    return fits.error().message;
}

// Wrong if what would fail at the end of hours is not said at their beginning, or the question
// itself leaves something.
TEST(CheckOutput, SaysBeforehandWhatCannotBe) {
    const TempFolder dir;
    EXPECT_EQ(why_not(dir / "new.json"), "");
    put_bytes(dir / "old.json", "old");
    EXPECT_EQ(why_not(dir / "old.json"), "");
    EXPECT_EQ(bytes_of(dir / "old.json"), "old");
    EXPECT_EQ(why_not(dir / "none/a.json"),
              "--out: the folder " + dir / "none" + " does not exist; make it first");
    EXPECT_TRUE(contains(why_not(dir / "old.json/a"), "does not exist"));
    EXPECT_TRUE(contains(why_not(dir.path()), "is a folder"));
    EXPECT_TRUE(contains(why_not(""), "missing"));
    ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
    EXPECT_TRUE(contains(why_not(dir / "pipe"), "is a named pipe"));
    EXPECT_TRUE(contains(why_not(dir / std::string(300, 'n')), "File name too long"));
    // As long as a name may be: that of the file under way is no longer.
    const std::string longest = dir / std::string(255, 'n');
    EXPECT_EQ(why_not(longest), "");
    for (const char* content : {"a", "b"}) {
        ASSERT_TRUE(write_file_atomic(longest, content));
        EXPECT_EQ(bytes_of(longest), content);
    }
    fs::remove(longest);
    fs::create_symlink("none/b.json", dir / "dangling");
    EXPECT_TRUE(contains(why_not(dir / "dangling"), "cannot create"));
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (dir / "socket").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(contains(why_not(dir / "socket"), "is a socket"));
    ::close(socket);
    EXPECT_EQ(names_of(dir.path()),
              (std::vector<std::string>{"dangling", "old.json", "pipe", "socket"}));
}

// Wrong if one may not write there and it is not said; root may write everywhere.
TEST(CheckOutput, AsksForPermission) {
    const TempFolder dir;
    put_bytes(dir / "mine", "");
    fs::permissions(dir / "mine", fs::perms::owner_read);
    fs::create_directory(dir / "shut");
    fs::permissions(dir / "shut", fs::perms::owner_read | fs::perms::owner_exec);
    fs::permissions(dir.path(), fs::perms::all);
    const int code = in_child([&] {
        if (geteuid() == 0 && setuid(65534) != 0) return 9;
        if (!contains(why_not(dir / "mine"), "not yours to write")) return 1;
        return contains(why_not(dir / "shut/a"), "Permission denied") ? 0 : 2;
    });
    fs::permissions(dir / "shut", fs::perms::owner_all);
    if (code == 9) GTEST_SKIP() << "this user cannot become another";
    EXPECT_EQ(code, 0);
}

// Wrong if what takes bytes as they come is refused, or replaced by a file.
TEST(WriteOutput, DevicesAndOwnDescriptorsAreWrittenTo) {
    const TempFolder dir;
    EXPECT_EQ(why_not("/dev/null"), "");
    EXPECT_TRUE(write_output("/dev/null", "text"));
    EXPECT_EQ(kind_of_file("/dev/null"), FileKind::device);
    const auto full = write_output("/dev/full", "text");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::failed);
    EXPECT_TRUE(contains(full.error().message, "No space left")) << full.error().message;
    put_bytes(dir / "a", "first,");
    const FileHandle file(::open((dir / "a").c_str(), O_WRONLY | O_APPEND));
    const std::string name = "/dev/fd/" + std::to_string(file.get());
    EXPECT_EQ(why_not(name), "");
    ASSERT_TRUE(write_output(name, "second"));
    EXPECT_EQ(bytes_of(dir / "a"), "first,second");
    EXPECT_TRUE(contains(why_not("/dev/fd/999"), "not open for writing"));
    const FileHandle input(::open((dir / "a").c_str(), O_RDONLY));
    EXPECT_TRUE(contains(why_not("/proc/self/fd/" + std::to_string(input.get())), "not open"));
    EXPECT_TRUE(contains(why_not("/dev/null", OutputUse::places), "no regular file"));
    // As "… | head" has it: who has read enough goes, and that is no failure.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const FileHandle writer(ends[1]);
    ::close(ends[0]);
    const auto old = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_TRUE(write_output("/dev/fd/" + std::to_string(writer.get()), "text"));
    ::signal(SIGPIPE, old);
    EXPECT_TRUE(contains(why_not(name, OutputUse::places), "no regular file"));
}

}  // namespace
}  // namespace hopscope::core
