#include "core/base/files.h"

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

// Wrong if replacing a file leaves its temporary name behind or part of the old content.
TEST(AtomicFile, ReplacesWhole) {
    const TempFolder dir;
    const std::string path = dir / "a.json";
    ASSERT_TRUE(write_file_atomic(path, "a long first content"));
    ASSERT_TRUE(write_file_atomic(path, "second"));
    EXPECT_EQ(*read_file(path), "second");
    EXPECT_FALSE(fs::exists(path + ".tmp"));
}

// Wrong if a file that has the temporary name gets into the new one, or is taken away: it may be a
// person's, however old it is.
TEST(AtomicFile, LeavesAFileOfTheTemporaryName) {
    const TempFolder dir;
    const std::string others(1000, 'x');
    put_bytes(dir / "a.tmp", others);
    ASSERT_TRUE(write_file_atomic(dir / "a", "short"));
    EXPECT_EQ(*read_file(dir / "a"), "short");
    EXPECT_EQ(*read_file(dir / "a.tmp"), others);
}

// Fails if a file that turns out shorter than it was said to be (cut meanwhile, or made by the
// kernel as it is read) is read with zeros at its end.
TEST(ReadFile, AFileShorterThanItsSizeEndsWhereItEnds) {
    const std::string path = "/sys/devices/system/cpu/online";
    std::error_code none;
    if (fs::file_size(path, none) < 100 || none) GTEST_SKIP() << "no such file of the kernel here";
    const auto text = read_file(path);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_FALSE(text->empty());
    EXPECT_EQ(text->find('\0'), std::string::npos) << text->size() << " bytes";
    EXPECT_TRUE(text->ends_with('\n')) << *text;
}

// Wrong if a full disk damages the file that was there, or the message does not name it and the
// cause.
TEST(AtomicFile, FullDiskLeavesTheOldFile) {
    const TempFolder dir;
    const std::string path = dir / "run.json";
    ASSERT_TRUE(write_file_atomic(path, "old"));
    const int code = in_child([&] {
        limit_file_size(4096);
        const auto status = write_file_atomic(path, std::string(10000, 'n'));
        if (status) return 1;
        if (status.error().kind != ErrorKind::failed) return 2;
        if (!contains(status.error().message, path)) return 3;
        if (!contains(status.error().message, "File too large")) return 4;
        return 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(*read_file(path), "old");
    EXPECT_FALSE(fs::exists(path + ".tmp")) << "the space must be given back";
}

TEST(AtomicFile, ErrorsNameThePath) {
    const TempFolder dir;
    const std::string path = dir / "missing/a";
    const auto written = write_file_atomic(path, "x");
    ASSERT_FALSE(written);
    EXPECT_TRUE(contains(written.error().message, path)) << written.error().message;
    const auto read = read_file(path);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(read.error().message, path)) << read.error().message;
    EXPECT_FALSE(read_file(dir.path()));
    ASSERT_TRUE(write_file_atomic(dir / "b", "12345"));
    EXPECT_FALSE(read_file(dir / "b", 4));
}

// Wrong if reading a named pipe without a writer hangs the program.
TEST(AtomicFile, RefusesANamedPipe) {
    const TempFolder dir;
    ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(AppendFile::open(dir / "pipe"));
    const auto read = read_file(dir / "pipe");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::usage);
    EXPECT_EQ(read.error().message, dir / "pipe" + ": is a named pipe, a regular file is expected");
}

// Wrong if what is no regular file is not called what it is.
TEST(ReadFile, NamesWhatStandsThere) {
    const TempFolder dir;
    const auto complaint = [](const std::string& path) { return read_file(path).error().message; };
    EXPECT_EQ(complaint(dir.path()), dir.path() + ": is a folder, a regular file is expected");
    EXPECT_EQ(complaint("/dev/zero"), "/dev/zero: is a device, a regular file is expected");
    EXPECT_EQ(complaint(dir / "none"), dir / "none" + ": no such file");
    fs::create_symlink(dir / "nowhere", dir / "dangling");
    EXPECT_EQ(complaint(dir / "dangling"), dir / "dangling" + ": no such file");
    EXPECT_EQ(complaint(dir / "a\x1b[2J\xe9"), dir / "a\\x1b[2J\\xe9" + ": no such file");
}

// Wrong if the file is blamed for a limit of the process: it can be read another time.
TEST(ReadFile, TellsAWantOfDescriptorsFromABadFile) {
    const TempFolder dir, other;
    put_bytes(dir / "a", "x");
    fs::create_hard_link(dir / "a", other / "b");
    EXPECT_EQ(list_folder(dir.path())->size(), 1u);
    EXPECT_TRUE(list_folder(dir / "missing")->empty());
    const std::vector<std::function<Error()>> readers = {
        [&] { return read_file(dir / "a").error(); },
        [&] { return list_folder(dir.path()).error(); },
        [&] { return check_output(dir / "out").error(); },
        [&] { return check_output_apart(other / "b", std::vector{dir.path()}).error(); }};
    for (size_t i = 0; i < readers.size(); ++i) {
        const int code = in_child([&] {
            const rlimit limit{0, 0};
            setrlimit(RLIMIT_NOFILE, &limit);
            const Error error = readers[i]();
            if (!contains(error.message, "ulimit -n")) return 1;
            return error.kind == ErrorKind::failed ? 0 : 2;
        });
        EXPECT_EQ(code, 0) << "reader " << i;
    }
    put_bytes(dir / "sub", "");
    EXPECT_EQ(check_output(dir / "sub/out").error().kind, ErrorKind::usage);
}

// Wrong if a text of another encoding is told as a mistake in its first line.
TEST(ReadText, NamesAnotherEncoding) {
    const TempFolder dir;
    for (const auto& [mark, name] : {std::pair(std::string("\xff\xfe\0\0", 4), "UTF-32"),
                                     std::pair(std::string("\0\0\xfe\xff", 4), "UTF-32"),
                                     std::pair(std::string("\xff\xfe"), "UTF-16"),
                                     std::pair(std::string("\xfe\xff"), "UTF-16")}) {
        put_bytes(dir / "a", mark + "text");
        const auto read = read_text(dir / "a");
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().message, dir / "a" + ": is " + name +
                                            " text; convert it first, e.g. with iconv -f " + name +
                                            " -t UTF-8");
        EXPECT_TRUE(read_file(dir / "a")) << "as bytes it can be read";
    }
}

// Wrong if zero bytes between letters are read as text, which UTF-8 allows, or a text with a few of
// them is called another encoding.
TEST(ReadText, NamesAnotherEncodingWithoutAMark) {
    const TempFolder dir;
    const auto wide = [](size_t width, size_t place) {
        std::string out;
        for (const char c : std::string("The river\nbank")) {
            std::string character(width, '\0');
            character[place] = c;
            out += character;
        }
        return out;
    };
    for (const auto& [text, name] :
         {std::pair(wide(2, 0), "UTF-16LE"), std::pair(wide(2, 1), "UTF-16BE"),
          std::pair(wide(4, 0), "UTF-32LE"), std::pair(wide(4, 3), "UTF-32BE")}) {
        put_bytes(dir / "a", text);
        const auto read = read_text(dir / "a");
        ASSERT_FALSE(read) << name;
        EXPECT_TRUE(contains(read.error().message, std::string("is ") + name + " text; convert it"))
            << read.error().message;
    }
    for (const std::string& text :
         {std::string("a\0b", 3), std::string("a\0bcdefgh", 9), std::string(8, '\0'),
          std::string("\0", 1), std::string("ab")}) {
        put_bytes(dir / "a", text);
        EXPECT_EQ(*read_text(dir / "a"), text);
    }
}

// Wrong if a byte-order mark becomes text, or three such bytes elsewhere are lost.
TEST(ReadText, LeavesAByteOrderMarkOut) {
    const TempFolder dir;
    const std::string mark(kByteOrderMark);
    put_bytes(dir / "a", mark + "text" + mark);
    EXPECT_EQ(*read_text(dir / "a"), "text" + mark);
    EXPECT_EQ(read_file(dir / "a")->size(), 10u) << "bytes stay bytes";
    put_bytes(dir / "b", mark.substr(0, 2));
    EXPECT_EQ(*read_text(dir / "b"), mark.substr(0, 2));
}

// Wrong if a kill at any byte of an append loses a complete line or keeps a torn one.
TEST(AppendFile, RepairsATearAtEveryByte) {
    const TempFolder dir;
    const std::string all = "one\ntwo two\n\nthree\n";
    for (size_t cut = 0; cut <= all.size(); ++cut) {
        const std::string path = dir / ("f" + std::to_string(cut));
        const std::string torn = all.substr(0, cut);
        put_bytes(path, torn);
        auto file = AppendFile::open(path);
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(file->append("next\n"));
        const size_t kept = torn.rfind('\n') == std::string::npos ? 0 : torn.rfind('\n') + 1;
        EXPECT_EQ(*read_file(path), torn.substr(0, kept) + "next\n") << cut;
    }
}

// Wrong if the search for the last line end stops at the size of its buffer.
TEST(AppendFile, RepairsATearLongerThanABlock) {
    const TempFolder dir;
    put_bytes(dir / "f", "head\n" + std::string(20000, 'x'));
    auto file = AppendFile::open(dir / "f");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->size(), 5u);
    EXPECT_EQ(*read_file(dir / "f"), "head\n");
}

// Wrong if a line that met a full disk stays there in part.
TEST(AppendFile, FullDiskTakesTheLineBack) {
    const TempFolder dir;
    const std::string path = dir / "metrics.csv";
    put_bytes(path, std::string(4000, 'a') + "\n");
    const int code = in_child([&] {
        limit_file_size(4096);
        auto file = AppendFile::open(path);
        if (!file) return 1;
        const auto status = file->append(std::string(500, 'b') + "\n");
        if (status || !contains(status.error().message, path)) return 2;
        return file->append("fits\n") ? 0 : 3;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(*read_file(path), std::string(4000, 'a') + "\nfits\n");
}

// Wrong if a backup made of links (cp -al) changes with the run, or the other way round.
TEST(AppendFile, ALinkedCopyStaysAsItWas) {
    const TempFolder dir;
    put_bytes(dir / "f", "one\n");
    std::filesystem::create_hard_link(dir / "f", dir / "copy");
    auto file = AppendFile::open(dir / "f");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("two\n"));
    EXPECT_EQ(*read_file(dir / "f"), "one\ntwo\n");
    EXPECT_EQ(*read_file(dir / "copy"), "one\n");
}

// Wrong if lines go on into a file that nobody will find any more.
TEST(AppendFile, ADeletedFileIsNotAppendedTo) {
    const TempFolder dir;
    auto file = AppendFile::open(dir / "f");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("one\n"));
    std::filesystem::remove(dir / "f");
    const auto status = file->append("two\n");
    ASSERT_FALSE(status);
    EXPECT_TRUE(contains(status.error().message, "deleted or replaced")) << status.error().message;
    EXPECT_FALSE(std::filesystem::exists(dir / "f"));
}

TEST(AppendFile, CreateRefusesAnExistingFile) {
    const TempFolder dir;
    ASSERT_TRUE(AppendFile::create(dir / "f"));
    const auto again = AppendFile::create(dir / "f");
    ASSERT_FALSE(again);
    EXPECT_TRUE(contains(again.error().message, "exists already")) << again.error().message;
}

TEST(AtomicFile, ParentDir) {
    EXPECT_EQ(parent_dir("a"), ".");
    EXPECT_EQ(parent_dir("/a"), "/");
    EXPECT_EQ(parent_dir("a/b/c"), "a/b");
}

}  // namespace
}  // namespace hopscope::core
