#include "core/text/corpus_files.h"

#include <filesystem>
#include <sys/stat.h>

#include "helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// The names behind the folder's own.
std::vector<std::string> found_in(const std::string& folder) {
    auto files = value_of(corpus_files(folder, "corpus"));
    for (auto& file : files) file.erase(0, folder.size() + 1);
    return files;
}

void expect_folder_refused(const std::string& path, const std::string& words) {
    const auto files = corpus_files(path, "corpus");
    ASSERT_FALSE(files.ok()) << words;
    EXPECT_EQ(files.error().kind, ErrorKind::usage);
    EXPECT_NE(files.error().message.find(words), std::string::npos) << files.error().message;
}

// Fails if linked folders are left out without a word, read twice, or walked through for ever.
TEST(CorpusFiles, LinkedFoldersAreRead) {
    const TempFolder folder;
    folder.write("far/b.txt", "b");
    folder.write("far/deep/c.txt", "c");
    folder.write("corpus/a.txt", "a");
    folder.write("corpus/z/own.txt", "z");
    const std::string corpus = folder / "corpus";
    fs::create_symlink("../far", corpus + "/link");
    EXPECT_EQ(found_in(corpus),
              (std::vector<std::string>{"a.txt", "link/b.txt", "link/deep/c.txt", "z/own.txt"}));
    fs::create_symlink("..", corpus + "/z/circle");
    fs::create_symlink(folder / "corpus", folder / "far/back");
    fs::create_symlink("z", corpus + "/a_second_way_to_z");
    EXPECT_EQ(found_in(corpus),
              (std::vector<std::string>{"a.txt", "link/b.txt", "link/deep/c.txt", "z/own.txt"}))
        << "each folder once, where it lies";
    fs::create_symlink(folder / "far/b.txt", corpus + "/file_link.txt");
    EXPECT_EQ(found_in(corpus).at(1), "file_link.txt");
    fs::create_symlink(corpus, folder / "to_corpus");
    EXPECT_EQ(found_in(folder / "to_corpus").size(), 5u);
}

// Fails if something that is meant to be read is left out in silence.
TEST(CorpusFiles, NothingIsLeftOutInSilence) {
    const TempFolder folder;
    folder.write("a/a.txt", "a");
    folder.write("a/.hidden/b.txt", "b");
    EXPECT_EQ(found_in(folder / "a"), std::vector<std::string>{"a.txt"});
    fs::create_symlink("nowhere", folder / "a/dangling");
    expect_folder_refused(folder / "a", "a/dangling: is a link that leads nowhere");
    fs::remove(folder / "a/dangling");
    ASSERT_EQ(::mkfifo((folder / "a/pipe").c_str(), 0600), 0);
    expect_folder_refused(folder / "a", "a/pipe: is a named pipe");
}

// Fails if a run reads its own files, or those of another, for text.
TEST(CorpusFiles, RunsAreNoText) {
    const TempFolder folder;
    folder.write("book.txt", "a");
    folder.write("runs/a/run.json", "{}");
    folder.write("runs/a/metrics.csv", "step\n");
    EXPECT_EQ(found_in(folder.path()).size(), 3u) << "a file of that name alone is no run";
    folder.write("runs/a/config.toml", "");
    expect_folder_refused(folder.path(), "runs/a: is the folder of a run");
    expect_folder_refused(folder / "runs/a", "is the folder of a run");
    folder.write("runs/a/data/train.txt", "text");
    EXPECT_EQ(found_in(folder / "runs/a/data"), std::vector<std::string>{"train.txt"});
}

}  // namespace
}  // namespace hopscope::core
