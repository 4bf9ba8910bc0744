// If these fail, a folder of someone else is filled or taken away, or two processes fill one.
#include "core/run/new_folder.h"

#include <functional>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/run/run_folder.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;
using test::contents_of;

FolderKind kind_of_folder(const std::string& dir) {
    return look_at_folder(dir).kind;
}

TEST(NewFolder, TellsWhatStandsThere) {
    const TempFolder dir;
    EXPECT_EQ(kind_of_folder(dir / "a"), FolderKind::absent);
    fs::create_directories(dir / "a");
    EXPECT_EQ(kind_of_folder(dir / "a"), FolderKind::empty);
    fs::create_symlink("nothing", dir / "to_nothing");
    EXPECT_EQ(kind_of_folder(dir / "to_nothing"), FolderKind::absent);
    fs::create_symlink("a", dir / "to_a");
    EXPECT_EQ(kind_of_folder(dir / "to_a"), FolderKind::empty);
    put_bytes(dir / "file", "x");
    EXPECT_EQ(kind_of_folder(dir / "file"), FolderKind::no_folder);
    for (const auto& [name, kind] :
         {std::pair("run.json", FolderKind::run), std::pair("race.json", FolderKind::race),
          std::pair("batch.json", FolderKind::batch), std::pair("other", FolderKind::foreign)}) {
        const std::string what = std::string(name).substr(0, std::string(name).find('.'));
        put_bytes(dir / "a/" + name, "{\"format\": \"hopscope." + what + "/1\"}");
        EXPECT_EQ(kind_of_folder(dir / "a"), kind) << name;
        // People give files such names, too.
        for (const char* theirs : {"", "x", "{}", "{\"format\": \"x\"}", "{\"format\": 1}",
                                   "{\"format\": \"hopscope.eval/1\"}"}) {
            put_bytes(dir / "a/" + name, theirs);
            EXPECT_EQ(kind_of_folder(dir / "a"), FolderKind::foreign) << name << theirs;
        }
        fs::remove(dir / "a/" + name);
        fs::create_directories(dir / "a/" + name);
        EXPECT_EQ(kind_of_folder(dir / "a"), FolderKind::foreign) << name << " as a folder";
        fs::remove(dir / "a/" + name);
    }
}

// Wrong if parts of a run that someone copied are taken for what a killed start left.
TEST(NewFolder, CopiedPartsAreForeign) {
    const TempFolder dir;
    { ASSERT_TRUE(RunFolder::create(dir / "r", "x", {})); }
    fs::create_directories(dir / "p");
    for (const char* name : {".lock", "config.toml", "checkpoints", "geometry", "eval", "metrics"})
        fs::copy(dir / "r/" + name, dir / "p/" + name, fs::copy_options::recursive);
    EXPECT_EQ(kind_of_folder(dir / "p"), FolderKind::foreign);
    const auto before = contents_of(dir / "p");
    const auto made = RunFolder::create(dir / "p", "y", {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(made.error().message, dir / "p")) << made.error().message;
    EXPECT_TRUE(contains(made.error().message, "choose a new or an empty folder"));
    EXPECT_EQ(contents_of(dir / "p"), before);
    // Not even where a start was really killed: a checkpoint it cannot have made.
    put_bytes(dir / "p/.lock", "4711 new\n");
    EXPECT_EQ(kind_of_folder(dir / "p"), FolderKind::begun);
    fs::create_directories(dir / "p/checkpoints/step_00000004");
    EXPECT_EQ(kind_of_folder(dir / "p"), FolderKind::foreign);
}

/// What nobody but a person or another program puts at the path of a lock.
const std::vector<std::pair<const char*, std::function<void(const std::string& path)>>>
    kForeignLocks = {
        {"text", [](const std::string& path) { put_bytes(path, "mine\n"); }},
        {"marked text", [](const std::string& path) { put_bytes(path, "brand new lock\n"); }},
        {"another mark", [](const std::string& path) { put_bytes(path, "4711 newer\n"); }},
        {"more lines", [](const std::string& path) { put_bytes(path, "4711\n4712\n"); }},
        {"no mark of ours", [](const std::string& path) { put_bytes(path, "4711 x"); }},
        {"no process", [](const std::string& path) { put_bytes(path, "0\n"); }},
        {"long", [](const std::string& path) { put_bytes(path, std::string(5000, '7') + "\n"); }},
        {"link to a lock", [](const std::string& path) { fs::create_symlink("../lock", path); }},
        {"link to text", [](const std::string& path) { fs::create_symlink("../text", path); }},
        {"link to nothing", [](const std::string& path) { fs::create_symlink("gone", path); }},
        {"link to a device",
         [](const std::string& path) { fs::create_symlink("/dev/full", path); }},
        {"folder", [](const std::string& path) { fs::create_directories(path); }},
        {"pipe", [](const std::string& path) { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); }}};

/// As contents_of(), which waits at a pipe for ever.
std::map<std::string, std::string> with_pipes(const std::string& dir) {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(dir)) {
        const std::string path = entry.path().string();
        out[entry.path().filename().string()] = entry.is_symlink()
                                                    ? "-> " + fs::read_symlink(path).string()
                                                : entry.is_fifo()      ? "a pipe"
                                                : entry.is_directory() ? "/"
                                                                       : bytes_of(path);
    }
    return out;
}

TEST(FolderLock, OursIsToldByItsExactBytes) {
    const TempFolder dir;
    EXPECT_EQ(kind_of_lock(dir.path()), LockKind::none);
    for (const auto& [text, kind] : {std::pair("", LockKind::writer),
                                     {"4711\n", LockKind::writer},
                                     {"47", LockKind::writer},
                                     {"4711 n", LockKind::writer},
                                     {"4711 new\n", LockKind::unfinished}}) {
        put_bytes(dir / ".lock", text);
        EXPECT_EQ(kind_of_lock(dir.path()), kind) << text;
    }
    for (const auto& [what, put] : kForeignLocks) {
        fs::remove(dir / ".lock");
        put(dir / ".lock");
        EXPECT_EQ(kind_of_lock(dir.path()), LockKind::foreign) << what;
    }
}

// Wrong if somebody's file of that name is written or deleted, through a link or itself, or vouches
// for a config.toml that nobody here wrote.
TEST(FolderLock, OfSomeoneElseIsRefusedAndLeftAlone) {
    const TempFolder dir;
    put_bytes(dir / "text", "precious");
    put_bytes(dir / "lock", "4711 new\n");
    for (const auto& [what, put] : kForeignLocks) {
        const std::string folder = dir / "a";
        fs::remove_all(folder);
        fs::create_directories(folder);
        put(folder + "/.lock");
        for (const bool with_config : {false, true}) {
            if (with_config) put_bytes(folder + "/config.toml", "# mine");
            const auto before = with_pipes(folder);
            const auto look = look_at_folder(folder);
            EXPECT_EQ(look.kind, FolderKind::foreign) << what;
            EXPECT_EQ(look.foreign, ".lock") << what;
            const auto made = RunFolder::create(folder, "x", {});
            ASSERT_FALSE(made) << what;
            EXPECT_EQ(made.error().kind, ErrorKind::usage) << what;
            EXPECT_TRUE(contains(made.error().message, "\".lock\"")) << made.error().message;
            // Of a run, race or batch that is gone on with.
            const auto taken = FolderLock::take(folder, FolderOf::run);
            ASSERT_FALSE(taken) << what;
            EXPECT_EQ(taken.error().kind, ErrorKind::usage) << what << taken.error().message;
            EXPECT_TRUE(contains(taken.error().message, folder + "/.lock: "))
                << taken.error().message;
            EXPECT_EQ(with_pipes(folder), before) << what;
        }
    }
    EXPECT_EQ(bytes_of(dir / "text"), "precious");
    EXPECT_EQ(bytes_of(dir / "lock"), "4711 new\n");
}

// Wrong if a failing start takes away what stood there before, a link of the user's among it, or
// leaves what it made.
TEST(NewFolder, UndoTakesAwayWhatWasMadeAndNothingElse) {
    const TempFolder dir;
    fs::create_directories(dir / "empty");
    fs::create_directories(dir / "target");
    fs::create_directory_symlink("target", dir / "link");
    fs::create_directory_symlink("later/deep", dir / "to_nothing");
    const auto before = contents_of(dir.path());
    for (const char* name : {"new", "deep/er/new", "empty", "link", "to_nothing", "slash/"}) {
        auto run = RunFolder::create(dir / name, "x", {});
        ASSERT_TRUE(run) << name << ": " << run.error().message;
        EXPECT_TRUE(fs::is_regular_file(dir / name + "/run.json")) << name;
        fs::create_directories(dir / name + "/data");
        for (const char* file : {"/data/train.tokens", "/tokenizer.model", "/metrics.csv"})
            put_bytes(dir / name + file, "x");
        run->undo_create();
        EXPECT_EQ(contents_of(dir.path()), before) << name;
    }
    auto run = RunFolder::create(dir / "empty", "x", {});
    ASSERT_TRUE(run);
    put_bytes(dir / "empty/notes.txt", "mine");
    run->undo_create();
    EXPECT_EQ(contents_of(dir / "empty"),
              (std::map<std::string, std::string>{{"notes.txt", "mine"}}));
}

// Wrong if a run, a race or a batch is begun inside another of them.
TEST(NewFolder, NothingNewInWhatHoldsSomething) {
    const TempFolder dir;
    fs::create_directories(dir / "a");
    for (const char* holds : {"run", "race", "batch"}) {
        const std::string file = dir / "a/" + holds + ".json";
        put_bytes(file, std::string("{\"format\": \"hopscope.") + holds + "/1\"}");
        for (const FolderOf what :
             {FolderOf::run, FolderOf::race, FolderOf::batch, FolderOf::model}) {
            const auto made = NewFolder::make(dir / "a", what);
            ASSERT_FALSE(made) << holds << " " << word(what);
            EXPECT_EQ(made.error().kind, ErrorKind::usage);
            EXPECT_TRUE(contains(made.error().message, dir / "a" + ": already holds a " + holds))
                << made.error().message;
        }
        fs::remove(file);
    }
    EXPECT_TRUE(fs::is_empty(dir / "a"));
}

TEST(NewFolder, AFileInTheWayIsSaidAndNothingIsMade) {
    const TempFolder dir;
    put_bytes(dir / "file", "x");
    const auto before = contents_of(dir.path());
    EXPECT_EQ(NewFolder::make(dir / "file", FolderOf::run).error().kind, ErrorKind::usage);
    const auto below = NewFolder::make(dir / "file/below/it", FolderOf::run);
    ASSERT_FALSE(below);
    EXPECT_TRUE(contains(below.error().message, dir / "file")) << below.error().message;
    const auto long_name = NewFolder::make(dir / std::string(256, 'a'), FolderOf::run);
    ASSERT_FALSE(long_name);
    EXPECT_EQ(long_name.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(long_name.error().message,
                         "aaa: File name too long; choose another name for the run"))
        << long_name.error().message;
    EXPECT_EQ(contents_of(dir.path()), before);
}

// Wrong if looking whether a folder can be had changes it.
TEST(FolderLock, ChangesNothingBeforeItIsSigned) {
    const TempFolder dir;
    { ASSERT_TRUE(FolderLock::take(dir.path(), FolderOf::run)); }
    EXPECT_TRUE(fs::is_empty(dir.path())) << "a .lock that it made goes again";
    put_bytes(dir / ".lock", "12345\n");
    {
        auto lock = FolderLock::take(dir.path(), FolderOf::run);
        ASSERT_TRUE(lock);
        EXPECT_EQ(bytes_of(dir / ".lock"), "12345\n");
        EXPECT_TRUE(is_being_written(dir.path()));
        EXPECT_FALSE(FolderLock::take(dir.path(), FolderOf::run));
        ASSERT_TRUE(lock->sign());
    }
    EXPECT_EQ(bytes_of(dir / ".lock"), std::to_string(getpid()) + "\n");
    EXPECT_FALSE(is_being_written(dir.path()));
}

// Wrong if the message sends a person after a process that has long ended.
TEST(FolderLock, NamesTheOwnerOnlyWhereItLives) {
    const TempFolder dir;
    auto lock = FolderLock::take(dir.path(), FolderOf::batch);
    ASSERT_TRUE(lock);
    put_bytes(dir / ".lock", "999999999\n");
    auto second = FolderLock::take(dir.path(), FolderOf::batch);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::usage);
    EXPECT_FALSE(contains(second.error().message, "999999999")) << second.error().message;
    ASSERT_TRUE(lock->sign());
    second = FolderLock::take(dir.path(), FolderOf::batch);
    ASSERT_FALSE(second);
    EXPECT_TRUE(contains(second.error().message, "(" + std::to_string(getpid()) + ")"));
    EXPECT_TRUE(contains(second.error().message, "is writing this batch"));
}

// Wrong if a second writer comes in beside one whose lock was deleted, or a copy of the folder that
// was made of links (cp -al) shares its lock.
TEST(FolderLock, NoticesThatItWasDeleted) {
    const TempFolder dir;
    auto lock = FolderLock::take(dir.path(), FolderOf::run);
    ASSERT_TRUE(lock) << lock.error().message;
    ASSERT_TRUE(lock->sign());
    EXPECT_TRUE(lock->check());
    fs::remove(dir / ".lock");
    ASSERT_FALSE(lock->check());
    EXPECT_TRUE(contains(lock->check().error().message, ".lock: was deleted"));
}

TEST(FolderLock, OfALinkedCopyIsItsOwn) {
    const TempFolder dir;
    fs::create_directory(dir / "a");
    fs::create_directory(dir / "b");
    put_bytes(dir / "a/.lock", "1\n");
    fs::create_hard_link(dir / "a/.lock", dir / "b/.lock");
    auto lock = FolderLock::take(dir / "b", FolderOf::run);
    ASSERT_TRUE(lock) << lock.error().message;
    ASSERT_TRUE(lock->sign());
    EXPECT_EQ(bytes_of(dir / "a/.lock"), "1\n");
    EXPECT_NE(bytes_of(dir / "b/.lock"), "1\n");
    EXPECT_TRUE(FolderLock::take(dir / "a", FolderOf::run));
}

TEST(FolderLock, NoticesThatItsFolderIsAnother) {
    const TempFolder dir;
    fs::create_directories(dir / "a");
    auto lock = FolderLock::take(dir / "a", FolderOf::run);
    ASSERT_TRUE(lock);
    ASSERT_TRUE(lock->sign());
    EXPECT_TRUE(lock->check());
    fs::rename(dir / "a", dir / "b");
    EXPECT_FALSE(lock->check());
    fs::create_directories(dir / "a");
    EXPECT_FALSE(lock->check());
    fs::remove(dir / "a");
    fs::rename(dir / "b", dir / "a");
    EXPECT_TRUE(lock->check()) << "it is back";
}

}  // namespace
}  // namespace hopscope::core
