#include "core/run/checkpoints.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>

#include "core/base/files.h"
#include "core/run/step_names.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// Writes a checkpoint whose weights all equal `value`.
Status write(const Checkpoints& checkpoints, int64_t step, float value, size_t count = 64) {
    const std::vector<float> weights(count, value);
    const int64_t size = static_cast<int64_t>(count);
    CheckpointContent content;
    content.model = {{"w", "F32", {size}, weights.data(), count * 4}};
    content.model_metadata = {{"config", "[model]"}};
    content.optimizer = {{"w.m", "F32", {size}, weights.data(), count * 4}};
    content.state_json = R"({"random": [1, 18446744073709551615], "loss": 0.1, "step": 999})";
    return checkpoints.write(step, content);
}

float value_of(const Checkpoint& checkpoint) {
    float value = 0;
    std::memcpy(&value, checkpoint.model.find("w")->data, 4);
    return value;
}

struct Folder {
    TempFolder dir;
    Checkpoints checkpoints{dir / "checkpoints"};
};

TEST(Checkpoints, RoundTrip) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 2000, 1.5f));
    EXPECT_TRUE(fs::exists(f.dir / "checkpoints/step_00002000/model.safetensors"));
    EXPECT_TRUE(fs::exists(f.dir / "checkpoints/step_00002000/optimizer.safetensors"));
    EXPECT_TRUE(fs::exists(f.dir / "checkpoints/step_00002000/state.json"));
    auto newest = f.checkpoints.newest_complete();
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->step, 2000);
    EXPECT_EQ(value_of(*newest), 1.5f);
    EXPECT_EQ(newest->model.metadata().at("config"), "[model]");
    EXPECT_TRUE(newest->optimizer.find("w.m"));
    EXPECT_TRUE(contains(newest->state_json, "18446744073709551615"));
    EXPECT_TRUE(contains(newest->state_json, "\"step\":2000")) << newest->state_json;
    EXPECT_TRUE(contains(newest->state_json, "\"loss\":0.1"));
}

// Wrong if a run that was stopped before its first update has nothing to be gone on from.
TEST(Checkpoints, OneOfNoUpdateCounts) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 0, 1.5f));
    EXPECT_EQ(f.checkpoints.steps(), std::vector<int64_t>{0});
    const auto newest = f.checkpoints.open_newest();
    ASSERT_TRUE(newest) << newest.error().message;
    EXPECT_EQ(newest->step, 0);
}

TEST(Checkpoints, NoneInAnEmptyOrMissingFolder) {
    const Folder f;
    EXPECT_FALSE(f.checkpoints.newest_complete());
    EXPECT_TRUE(f.checkpoints.steps().empty());
    EXPECT_TRUE(f.checkpoints.clean());
    EXPECT_TRUE(f.checkpoints.rotate(3));
}

// Wrong if a kill while a checkpoint is written leaves something that resume takes for it: each
// state in which the folder can be is tried, with every file missing or cut at several bytes.
TEST(Checkpoints, InterruptedOnesAreIgnoredAndCleaned) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    ASSERT_TRUE(write(f.checkpoints, 200, 2.0f));
    fs::rename(f.checkpoints.path_of(200), f.dir / "checkpoints/.new_step_00000200");
    for (const char* name : {"state.json", "optimizer.safetensors", "model.safetensors"}) {
        auto newest = f.checkpoints.newest_complete();
        ASSERT_TRUE(newest);
        EXPECT_EQ(newest->step, 100);
        fs::remove(f.dir / ("checkpoints/.new_step_00000200/" + std::string(name)));
    }
    ASSERT_TRUE(f.checkpoints.clean());
    EXPECT_FALSE(fs::exists(f.dir / "checkpoints/.new_step_00000200"));
    EXPECT_EQ(f.checkpoints.steps(), std::vector<int64_t>{100});
}

// Wrong if resume starts from a damaged newest checkpoint instead of the complete one before it, or
// does not say so.
TEST(Checkpoints, NewestDamagedFallsBack) {
    for (const char* name : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
        const Folder f;
        ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
        ASSERT_TRUE(write(f.checkpoints, 200, 2.0f));
        const std::string path = f.checkpoints.path_of(200) + "/" + name;
        const std::string whole = bytes_of(path);
        for (const size_t keep : {size_t{0}, size_t{5}, whole.size() / 2, whole.size() - 3}) {
            put_bytes(path, whole.substr(0, keep));
            std::vector<std::string> skipped;
            auto newest = f.checkpoints.newest_complete(&skipped);
            ASSERT_TRUE(newest) << name << keep;
            EXPECT_EQ(newest->step, 100);
            ASSERT_EQ(skipped.size(), 1u);
            EXPECT_TRUE(contains(skipped[0], path)) << skipped[0];
        }
        fs::remove(path);
        EXPECT_EQ(f.checkpoints.newest_complete()->step, 100);
    }
}

// Wrong if a checkpoint copied to the name of another step is resumed as that step.
TEST(Checkpoints, StepInsideMustBeThatOfTheFolder) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    fs::copy(f.checkpoints.path_of(100), f.checkpoints.path_of(300), fs::copy_options::recursive);
    EXPECT_EQ(f.checkpoints.newest_complete()->step, 100);
    auto wrong = f.checkpoints.open(300);
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(contains(wrong.error().message, "\"step\" is 100, 300 expected"))
        << wrong.error().message;
}

// Wrong if rotation deletes the newest, counts a damaged one among those kept, or touches a folder
// that is not ours.
TEST(Checkpoints, RotationKeepsTheNewestComplete) {
    const Folder f;
    for (int64_t step = 100; step <= 500; step += 100)
        ASSERT_TRUE(write(f.checkpoints, step, 1.0f));
    fs::remove(f.checkpoints.path_of(400) + "/state.json");
    fs::create_directories(f.dir / "checkpoints/mine");
    fs::create_directories(f.dir / "checkpoints/step_7");
    ASSERT_TRUE(f.checkpoints.rotate(2));
    EXPECT_EQ(f.checkpoints.steps(), (std::vector<int64_t>{300, 400, 500}));
    EXPECT_TRUE(fs::exists(f.dir / "checkpoints/mine"));
    EXPECT_TRUE(fs::exists(f.dir / "checkpoints/step_7"));
    ASSERT_TRUE(f.checkpoints.rotate(0));
    EXPECT_EQ(f.checkpoints.steps(), (std::vector<int64_t>{400, 500}));
}

// Wrong if a kill between the two renames of a replacement loses the checkpoint.
TEST(Checkpoints, ReplacingTheSameStepSurvivesAKill) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    ASSERT_TRUE(write(f.checkpoints, 100, 2.0f));
    EXPECT_EQ(value_of(*f.checkpoints.newest_complete()), 2.0f);
    const std::string old = f.dir / "checkpoints/.old_step_00000100";
    EXPECT_FALSE(fs::exists(old));
    fs::rename(f.checkpoints.path_of(100), old);  // as the kill would leave it
    EXPECT_EQ(f.checkpoints.steps(), std::vector<int64_t>{100});
    ASSERT_TRUE(f.checkpoints.newest_complete());  // of who may not clean, too
    EXPECT_EQ(value_of(*f.checkpoints.open_newest()), 2.0f);
    ASSERT_TRUE(f.checkpoints.clean());
    ASSERT_TRUE(f.checkpoints.newest_complete());
    EXPECT_EQ(value_of(*f.checkpoints.newest_complete()), 2.0f);
    fs::copy(f.checkpoints.path_of(100), old,
             fs::copy_options::recursive);  // killed after both renames
    ASSERT_TRUE(f.checkpoints.clean());
    EXPECT_FALSE(fs::exists(old));
    EXPECT_EQ(f.checkpoints.steps(), std::vector<int64_t>{100});
}

// Wrong if a full disk damages the earlier checkpoint, keeps its half-written successor, or is not
// told by name.
TEST(Checkpoints, FullDiskLeavesTheEarlierOnes) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    const int code = in_child([&] {
        limit_file_size(4096);
        for (const int64_t step : {100, 200}) {
            const Status status = write(f.checkpoints, step, 2.0f, 10000);
            if (status || !contains(status.error().message, "model.safetensors")) return 1;
        }
        return 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(f.checkpoints.steps(), std::vector<int64_t>{100});
    EXPECT_EQ(value_of(*f.checkpoints.newest_complete()), 1.0f);
    EXPECT_FALSE(fs::exists(f.dir / "checkpoints/.new_step_00000200"));
}

// Wrong if kill -9 at a random moment of writing and rotating leaves no complete checkpoint, or one
// of mixed content.
TEST(Checkpoints, KilledAtRandomMoments) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 0, 0.0f));
    int64_t last = 0;
    for (int round = 0; round < 12; ++round) {
        int progress[2];
        ASSERT_EQ(pipe(progress), 0);
        const pid_t child = fork();
        if (child == 0) {
            for (int64_t step = last + 1;; ++step) {
                if (!write(f.checkpoints, step, static_cast<float>(step), 5000)) _exit(1);
                if (!f.checkpoints.rotate(2)) _exit(1);
                if (::write(progress[1], "x", 1) != 1) _exit(1);
            }
        }
        close(progress[1]);  // so that a child that fails ends the read below
        // One whole round first, however slow the disk; then a moment that falls elsewhere each
        // time.
        char done = 0;
        ASSERT_EQ(read(progress[0], &done, 1), 1);
        usleep(static_cast<useconds_t>(370 * round));
        ASSERT_EQ(kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
        close(progress[0]);
        ASSERT_TRUE(f.checkpoints.clean());
        std::vector<std::string> skipped;
        auto newest = f.checkpoints.newest_complete(&skipped);
        ASSERT_TRUE(newest);
        EXPECT_TRUE(skipped.empty()) << skipped[0];
        EXPECT_GT(newest->step, last);
        EXPECT_EQ(value_of(*newest), static_cast<float>(newest->step));
        last = newest->step;
        for (const auto& entry : fs::directory_iterator(f.dir / "checkpoints"))
            EXPECT_EQ(entry.path().filename().string().substr(0, 5), "step_") << entry.path();
    }
}

TEST(Checkpoints, StateThatIsNoObjectIsRefused) {
    const Folder f;
    CheckpointContent content;
    for (const char* text : {"", "[1]", "{\"a\": "}) {
        content.state_json = text;
        EXPECT_FALSE(f.checkpoints.write(1, content)) << text;
    }
    EXPECT_TRUE(f.checkpoints.steps().empty());
}

// Wrong if a reader beside a writer fails on a checkpoint that has just been rotated away, or is
// given an older one than it was before.
TEST(Checkpoints, ReadersTakeTheNextNewestWhileTheyRotate) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 1, 1));
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (int64_t step = 2; !stop; ++step) {
            (void)write(f.checkpoints, step, 1, 4).ok();
            if (step % 3 == 0) (void)write(f.checkpoints, step, 2, 4).ok();  // again: replaced
            (void)f.checkpoints.rotate(1).ok();
        }
    });
    int64_t last = 0;
    for (int look = 0; look < 1000; ++look) {
        const auto newest = f.checkpoints.open_newest();
        EXPECT_TRUE(newest) << newest.error().message;
        if (!newest) break;
        EXPECT_GE(newest->step, last);
        last = std::max(last, newest->step);
    }
    stop = true;
    writer.join();
}

// Wrong if a reader waits for a writer where there is none: a link to a disk that is not there
// stays what it is.
TEST(Checkpoints, ALinkThatLeadsNowhereIsToldAtOnce) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 1, 1));
    const std::string link = f.checkpoints.path_of(2);
    fs::create_symlink("/no/such/disk/step_00000002", link);
    const auto begin = std::chrono::steady_clock::now();
    const auto newest = f.checkpoints.open_newest();
    ASSERT_FALSE(newest);
    EXPECT_TRUE(contains(newest.error().message, link)) << newest.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

// Wrong if the only checkpoint there is, replaced again and again, is not there for a reader.
TEST(Checkpoints, ASingleOneIsThereWhileItIsReplaced) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 7, 1));
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (int round = 0; !stop; ++round)
            (void)write(f.checkpoints, 7, static_cast<float>(round), 4).ok();
    });
    for (int look = 0; look < 500; ++look) {
        const auto newest = f.checkpoints.open_newest();
        EXPECT_TRUE(newest) << look << ": " << newest.error().message;
        if (!newest) break;
    }
    stop = true;
    writer.join();
}

// Wrong if an older checkpoint is gone on with, or none, because a limit of the process kept the
// newest from being read.
#ifndef HOPSCOPE_SANITIZED  // the sanitizer's own look at a virtual call takes a descriptor
TEST(Checkpoints, AWantOfDescriptorsIsNoDamage) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1));
    ASSERT_TRUE(write(f.checkpoints, 200, 2));
    const int code = in_child([&] {
        const rlimit limit{0, 0};
        setrlimit(RLIMIT_NOFILE, &limit);
        const auto newest = f.checkpoints.open_newest();
        if (newest || newest.error().kind != ErrorKind::failed) return 1;
        std::vector<std::string> skipped;
        Status unread;
        if (f.checkpoints.newest_complete(&skipped, &unread) || unread || !skipped.empty())
            return 2;
        return contains(unread.error().message, "ulimit -n") ? 0 : 3;
    });
    EXPECT_EQ(code, 0);
    Status unread;
    EXPECT_EQ(f.checkpoints.newest_complete(nullptr, &unread)->step, 200);
    EXPECT_TRUE(unread);
}
#endif

// Wrong if an older checkpoint is read in the place of a damaged one, as if it were the newest.
// Wrong if a checkpoint whose files are of two others, or lost a bit, is gone on with.
TEST(Checkpoints, FilesOfAnotherCheckpointAreFound) {
    for (const char* part : {"model", "optimizer"}) {
        const Folder f;
        ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
        ASSERT_TRUE(write(f.checkpoints, 200, 2.0f));
        const std::string name = std::string(part) + ".safetensors";
        fs::copy_file(f.checkpoints.path_of(100) + "/" + name,
                      f.checkpoints.path_of(200) + "/" + name,
                      fs::copy_options::overwrite_existing);
        std::vector<std::string> skipped;
        EXPECT_EQ(f.checkpoints.newest_complete(&skipped)->step, 100) << part;
        ASSERT_EQ(skipped.size(), 1u);
        EXPECT_TRUE(contains(skipped[0], name)) << skipped[0];
        // Readers use the weights alone.
        EXPECT_EQ(f.checkpoints.open_newest().ok(), part == std::string("optimizer"));
    }
}

TEST(Checkpoints, OlderOnesWithoutHashesAreTaken) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    put_bytes(f.checkpoints.path_of(100) + "/state.json",
              R"({"format": "hopscope.state/1", "step": 100})");
    EXPECT_TRUE(f.checkpoints.newest_complete());
    put_bytes(f.checkpoints.path_of(100) + "/state.json",
              R"({"format": "hopscope.state/1", "step": 100, "hashes": {"model": "0"}})");
    EXPECT_FALSE(f.checkpoints.newest_complete());
}

// Wrong if a folder of someone else that begins like one of ours is deleted or renamed.
TEST(Checkpoints, WhatIsNotOursIsLeftAlone) {
    const Folder f;
    ASSERT_TRUE(write(f.checkpoints, 100, 1.0f));
    const char* kNames[] = {".new_step_mine", ".gone_step_notes", ".old_step_backup",
                            ".old_step_7"};
    for (const char* name : kNames) fs::create_directory(f.dir / "checkpoints/" + name);
    ASSERT_TRUE(f.checkpoints.clean());
    for (const char* name : kNames) EXPECT_TRUE(fs::exists(f.dir / "checkpoints/" + name)) << name;
}

// Wrong if what a person put where a checkpoint goes, or into one, is deleted with it.
TEST(Checkpoints, WhatAPersonKeepsInOneIsNotDeleted) {
    const Folder f;
    const auto at = [&](const std::string& name) { return f.dir / "checkpoints/" + name; };
    for (const int64_t step : {1, 2, 3}) ASSERT_TRUE(write(f.checkpoints, step, 1.0f));
    put_bytes(at("step_00000001/notes.txt"), "mine");
    // One that was moved to another disk, with a link in its place.
    fs::rename(at("step_00000002"), f.dir / "archive");
    fs::create_directory_symlink(f.dir / "archive", at("step_00000002"));
    ASSERT_TRUE(f.checkpoints.rotate(1));
    EXPECT_EQ(f.checkpoints.steps(), (std::vector<int64_t>{1, 2, 3}));
    EXPECT_TRUE(fs::exists(at("step_00000001/model.safetensors")));
    EXPECT_TRUE(fs::exists(f.dir / "archive/model.safetensors"));
    for (const char* folder : {"step_00000007", ".new_step_00000009"}) {
        fs::create_directory(at(folder));
        put_bytes(at(folder) + "/thesis.txt", "mine");
    }
    put_bytes(at("step_00000008"), "mine");
    fs::create_directory_symlink(f.dir / "archive", at(".gone_step_00000002"));
    for (const int64_t step : {2, 8}) {
        const auto written = write(f.checkpoints, step, 2.0f);
        ASSERT_FALSE(written) << step;
        EXPECT_EQ(written.error().kind, ErrorKind::failed);
        EXPECT_TRUE(contains(written.error().message, at(step_name(step)) + ": is a "))
            << written.error().message;
        EXPECT_FALSE(f.checkpoints.check_places_after(step - 1));
    }
    EXPECT_TRUE(f.checkpoints.check_places_after(8));
    // Beside the new files it stays where it was.
    for (const int64_t step : {1, 7}) ASSERT_TRUE(write(f.checkpoints, step, 2.0f)) << step;
    EXPECT_EQ(value_of(*f.checkpoints.open(7)), 2.0f);
    ASSERT_TRUE(f.checkpoints.clean());
    for (const char* name : {"step_00000001/notes.txt", "step_00000007/thesis.txt", "step_00000008",
                             ".new_step_00000009/thesis.txt"})
        EXPECT_EQ(bytes_of(at(name)), "mine") << name;
    EXPECT_TRUE(fs::exists(f.dir / "archive/model.safetensors"));
    EXPECT_FALSE(fs::exists(at(".gone_step_00000002"))) << "the link alone goes";
}

TEST(Checkpoints, ADamagedNewestIsNotPassedOver) {
    const Folder f;
    EXPECT_FALSE(f.checkpoints.open_newest());
    ASSERT_TRUE(write(f.checkpoints, 1, 1));
    ASSERT_TRUE(write(f.checkpoints, 2, 1));
    put_bytes(f.checkpoints.path_of(2) + "/state.json", "{");
    const auto newest = f.checkpoints.open_newest();
    ASSERT_FALSE(newest);
    EXPECT_EQ(newest.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(newest.error().message, "step_00000002/state.json"));
}

// Wrong if a checkpoint makes the folder of a run that was deleted anew.
TEST(Checkpoints, AreNotWrittenWhereTheRunIsGone) {
    const TempFolder dir;
    EXPECT_FALSE(write(Checkpoints(dir / "run/checkpoints"), 1, 1));
    EXPECT_FALSE(fs::exists(dir / "run"));
}

// Wrong if a checkpoint lands in a folder that took the place of the run's, whatever is in it.
TEST(Checkpoints, AreNotWrittenIntoASuccessorOfTheRun) {
    const TempFolder dir;
    fs::create_directory(dir / "run");
    const auto lock = FolderLock::take(dir / "run", FolderOf::run);
    ASSERT_TRUE(lock) << lock.error().message;
    const Checkpoints checkpoints(dir / "run/checkpoints", &*lock);
    EXPECT_TRUE(write(checkpoints, 1, 1));
    for (const bool has_checkpoints : {false, true}) {
        fs::rename(dir / "run", dir / "was");
        fs::create_directory(dir / "run");
        if (has_checkpoints) fs::create_directory(dir / "run/checkpoints");
        const auto written = write(checkpoints, 2, 1);
        ASSERT_FALSE(written);
        EXPECT_TRUE(contains(written.error().message, "deleted, moved or replaced"));
        fs::remove(dir / "run/checkpoints");
        EXPECT_TRUE(fs::is_empty(dir / "run"));
        fs::remove(dir / "run");
        fs::rename(dir / "was", dir / "run");
        EXPECT_TRUE(write(checkpoints, 2, 1));
    }
}

}  // namespace
}  // namespace hopscope::core
