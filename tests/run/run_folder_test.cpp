#include "core/run/run_folder.h"

#include <cmath>
#include <ctime>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/config/write.h"
#include "tests/base/child_process.h"
#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

RunInfo sample_info() {
    RunInfo info;
    info.program_version = "0.1.0";
    info.config_name = "first_look";
    info.config_hash = "0123456789abcdef";
    info.device = DeviceKind::cpu;
    info.device_name = "a \"quoted\" processor";
    info.precision = Precision::fp32;
    info.source = "synthetic text";
    info.synthetic = true;
    info.seed = 18'446'744'073'709'551'615u;
    info.threads = 2;
    info.steps = 2000;
    info.parameters = 84'742'144;
    info.peak_memory_bytes = 2'400'000'000;
    info.created = 1700000000.25;
    info.corpus_hashes = {{"train", "aa"}, {"valid", "bb"}};
    info.kernel_choices = {{"experts", "grouped"}};
    info.forked_from = {"parent", 120, R"({"command": "pause"})"};
    info.resumes = {{500, 1700000100.5, {"train.steps: 2000 → 4000"}}};
    info.script = {R"({"command":"evaluate","from_step":7})"};
    info.state = RunState::failed;
    info.reason = "NaN: in the loss";
    return info;
}

TEST(RunInfo, RoundTrip) {
    const RunInfo info = sample_info();
    const std::string text = run_info_json(info);
    EXPECT_TRUE(contains(text, "\"format\": \"hopscope.run/1\""));
    EXPECT_TRUE(contains(text, "\"state\": \"failed: NaN: in the loss\""));
    auto read = parse_run_info(text, "run.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, info);
    for (const RunState state :
         {RunState::running, RunState::paused, RunState::done, RunState::stopped}) {
        RunInfo other = info;
        other.state = state;
        other.reason = "";
        EXPECT_EQ(*parse_run_info(run_info_json(other), "run.json"), other);
    }
}

TEST(RunInfo, BadFilesAreRefused) {
    const std::string good = run_info_json(sample_info());
    for (size_t cut = 0; cut + 2 < good.size(); ++cut)
        ASSERT_FALSE(parse_run_info(good.substr(0, cut), "run.json")) << cut;
    struct Case {
        std::string text, says;
    };
    for (const Case& c : std::vector<Case>{
             {"{}", "\"format\" is missing"},
             {R"({"format": "hopscope.run/9"})", "\"hopscope.run/1\" expected"},
             {R"({"format": "hopscope.run/1"})", "\"state\" is missing"},
             {R"({"format": "hopscope.run/1", "state": "asleep"})", "found \"asleep\""},
             {R"({"format": "hopscope.run/1", "state": "done", "seed": -1})", "\"seed\""},
             {R"({"format": "hopscope.run/1", "state": "done", "steps": 9223372036854775808})",
              "\"steps\""},
             {R"({"format": "hopscope.run/1", "state": "done", "corpus_hashes": [1]})",
              "\"corpus_hashes\""},
             {R"({"format": "hopscope.run/1", "state": "done", "threads": 1000000})",
              "\"threads\": found 1000000, allowed 0 … 1024"},
             {R"({"format": "hopscope.run/1", "state": "done", "threads": -1})", "\"threads\""},
             {R"({"format": "hopscope.run/1", "state": "done", "steps": -1})", "\"steps\""},
             {R"({"format": "hopscope.run/1", "state": "done", "parameters": -1})",
              "\"parameters\""},
             {R"({"format": "hopscope.run/1", "state": "done", "peak_memory_bytes": -1})",
              "\"peak_memory_bytes\""},
             {R"({"format": "hopscope.run/1", "state": "done", "created": -1})", "\"created\""},
             {R"({"format": "hopscope.run/1", "state": "done", "created": 1e300})", "\"created\""},
             {R"({"format": "hopscope.run/1", "state": "done", "created": null})", "\"created\""},
             {R"({"format": "hopscope.run/1", "state": "done", "device": "tpu"})",
              "\"device\": found \"tpu\", allowed cpu, cuda"},
             {R"({"format": "hopscope.run/1", "state": "done", "device": "auto"})", "\"device\""},
             {R"({"format": "hopscope.run/1", "state": "done", "precision": "fp8"})",
              "\"precision\""},
             {R"({"format": "hopscope.run/1", "state": "done", "config_hash": "../x"})",
              "\"config_hash\""},
             {R"({"format": "hopscope.run/1", "state": "done", "corpus_hashes": {"train": "x"}})",
              "\"train\""},
             {R"({"format": "hopscope.run/1", "state": "done", "resumes": [{"step": -4}]})",
              "\"resumes.step\""},
             {R"({"format": "hopscope.run/1", "state": "done",
                  "forked_from": {"run": "a", "step": -4}})",
              "\"forked_from.step\""},
             {R"({"format": "hopscope.run/1", "state": "done", "resumes": [1]})", "\"resumes\""},
             {R"({"format": "hopscope.run/1", "state": "done", "forked_from": 3})",
              "\"forked_from\""},
             {"{\"a\":" + std::string(100000, '['), "nested"}}) {
        auto read = parse_run_info(c.text, "RUN/run.json");
        ASSERT_FALSE(read) << c.text.substr(0, 80);
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(read.error().message, "RUN/run.json"));
        EXPECT_TRUE(contains(read.error().message, c.says)) << read.error().message;
    }
}

TEST(RunFolder, CreateThenOpen) {
    const TempFolder dir;
    const std::string path = dir / "runs/a/";
    {
        auto folder = RunFolder::create(path, "[model]\n", sample_info());
        ASSERT_TRUE(folder) << folder.error().message;
        EXPECT_EQ(folder->name(), "a");
        ASSERT_TRUE(folder->write_state(RunState::paused, ""));
    }
    auto folder = RunFolder::open(path, true);
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_EQ(folder->info().state, RunState::paused);
    EXPECT_EQ(folder->info().seed, sample_info().seed);
    EXPECT_EQ(bytes_of(folder->config_path()), "[model]\n");
}

// Wrong if a second call without --resume overwrites a run.
TEST(RunFolder, ExistingRunIsRefused) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    auto again = RunFolder::create(dir / "a", "y", {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(again.error().message, "go on with it")) << again.error().message;
    EXPECT_EQ(bytes_of(dir / "a/config.toml"), "x");
}

// Wrong if a configuration that was emptied or cut is read as the default one, wherever the cut is.
TEST(RunFolder, ACutConfigurationIsRefused) {
    TempFolder dir;
    const std::string path = dir / "a/config.toml";
    const std::string whole = to_toml({});
    const auto folder = RunFolder::create(dir / "a", whole, sample_info());
    ASSERT_TRUE(folder);
    EXPECT_TRUE(stored_config(*folder));
    const auto refused = [&](const std::string& text, const std::string& missing) {
        put_bytes(path, text);
        for (const std::vector<std::string>& overrides :
             {std::vector<std::string>{}, {"data.pack=stream"}}) {
            const auto read = stored_config(*folder, overrides);
            ASSERT_FALSE(read.ok()) << text;
            EXPECT_EQ(read.error().kind, ErrorKind::usage);
            EXPECT_TRUE(contains(read.error().message, path + ": " + missing + " is missing"))
                << read.error().message;
        }
    };
    refused("", "table [model]");
    refused("# nothing\n", "table [model]");
    refused(whole.substr(0, whole.find("[train]")), "table [train]");
    refused(whole.substr(0, whole.find("[data]")), "table [data]");
    refused(whole.substr(whole.find("[moe]")), "table [model]");
    for (size_t end = whole.rfind('\n', whole.size() - 2); end != std::string::npos;
         end = whole.rfind('\n', end - 1)) {
        put_bytes(path, whole.substr(0, end + 1));
        EXPECT_FALSE(stored_config(*folder)) << whole.substr(end + 1, 40);
    }
    put_bytes(path, "\n[debug]\n" + whole);
    EXPECT_TRUE(stored_config(*folder)) << "the keys of [debug] are left out where they do nothing";
}

// Wrong if `--out configs` overwrites a config.toml that belongs to someone else.
TEST(RunFolder, ForeignFolderIsRefused) {
    const TempFolder dir;
    fs::create_directories(dir / "a");
    put_bytes(dir / "a/config.toml", "mine");
    auto created = RunFolder::create(dir / "a", "y", {});
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(created.error().message, dir / "a")) << created.error().message;
    EXPECT_EQ(bytes_of(dir / "a/config.toml"), "mine");
    EXPECT_FALSE(fs::exists(dir / "a/.lock"));
    put_bytes(dir / "file", "x");
    EXPECT_FALSE(RunFolder::create(dir / "file", "y", {}));
    fs::create_directories(dir / "empty");
    EXPECT_TRUE(RunFolder::create(dir / "empty", "y", {}));
}

// Wrong if a kill while a run is created blocks its folder for ever.
TEST(RunFolder, InterruptedCreationIsTakenOver) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    fs::remove(dir / "a/run.json");
    put_bytes(dir / "a/run.json.tmp", "{");
    EXPECT_FALSE(RunFolder::create(dir / "a", "y", sample_info()))
        << "a run that lost its run.json is not what a killed start leaves";
    put_bytes(dir / "a/.lock", "4711 new\n");
    EXPECT_FALSE(RunFolder::open(dir / "a", false));
    auto folder = RunFolder::create(dir / "a", "y", sample_info());
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_EQ(bytes_of(dir / "a/config.toml"), "y");
}

TEST(RunFolder, OpenNamesWhatIsMissing) {
    const TempFolder dir;
    auto folder = RunFolder::open(dir.path(), false);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(folder.error().message, dir.path() + ": is no run folder"));
    EXPECT_FALSE(RunFolder::open(dir / "nothing", true));
    EXPECT_FALSE(fs::exists(dir / "nothing"));
    for (const char* root : {"/", "//"}) {
        const auto opened = RunFolder::open(root, false);
        ASSERT_FALSE(opened);
        EXPECT_TRUE(opened.error().message.starts_with("/: is no run folder"))
            << opened.error().message;
    }
}

// Wrong if two processes write one run, or a reader is kept out by the writer.
TEST(RunFolder, SecondWriterIsRefused) {
    const TempFolder dir;
    int ready[2], done[2];
    ASSERT_EQ(pipe(ready), 0);
    ASSERT_EQ(pipe(done), 0);
    const pid_t child = fork();
    if (child == 0) {
        char c = 'x';
        auto folder = RunFolder::create(dir / "a", "x", sample_info());
        const bool told = folder.ok() && ::write(ready[1], &c, 1) == 1;
        _exit(told && ::read(done[0], &c, 1) == 1 ? 0 : 1);
    }
    char c = 0;
    ASSERT_EQ(::read(ready[0], &c, 1), 1);
    auto second = RunFolder::open(dir / "a", true);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(second.error().message, dir / "a")) << second.error().message;
    EXPECT_TRUE(contains(second.error().message, std::to_string(child))) << second.error().message;
    EXPECT_TRUE(RunFolder::open(dir / "a", false));
    EXPECT_FALSE(RunFolder::create(dir / "a", "x", {}));
    ASSERT_EQ(::write(done[1], &c, 1), 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(RunFolder::open(dir / "a", true)) << "the lock must end with its process";
    for (const int fd : {ready[0], ready[1], done[0], done[1]}) close(fd);
}

// Wrong if the same process could open a run twice for writing (a window with two tabs).
TEST(RunFolder, SecondWriterInTheSameProcess) {
    const TempFolder dir;
    auto first = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(first);
    EXPECT_FALSE(RunFolder::open(dir / "a", true));
}

// Wrong if what a killed writer left stays for ever, or a reader removes what a living writer is
// writing.
TEST(RunFolder, OnlyTheWriterCleansUp) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    const std::vector<std::string> leftovers = {dir / "a/run.json.tmp",
                                                dir / "a/config.toml.tmp",
                                                dir / "a/geometry/step_00000050.safetensors.tmp",
                                                dir / "a/eval/step_00000050.json.tmp",
                                                dir / "a/data/train.tokens.partial-4711",
                                                dir / "a/data/valid.tokens.tmp"};
    fs::create_directories(dir / "a/data");
    put_bytes(dir / "a/data/other.partial-4711", "mine");
    for (const auto& path : leftovers) put_bytes(path, "torn");
    fs::create_directories(dir / "a/checkpoints/.new_step_00000100");
    put_bytes(dir / "a/notes.tmp", "mine");
    ASSERT_TRUE(RunFolder::open(dir / "a", false));
    for (const auto& path : leftovers) EXPECT_TRUE(fs::exists(path)) << path;
    ASSERT_TRUE(RunFolder::open(dir / "a", true));
    for (const auto& path : leftovers) EXPECT_FALSE(fs::exists(path)) << path;
    EXPECT_FALSE(fs::exists(dir / "a/checkpoints/.new_step_00000100"));
    EXPECT_TRUE(fs::exists(dir / "a/notes.tmp"));
    EXPECT_TRUE(fs::exists(dir / "a/data/other.partial-4711"));
}

// Wrong if a run whose folders are in disorder is signed before that is found out.
TEST(RunFolder, WhatStandsInPlaceOfAFolderIsFoundBeforeAnythingIsWritten) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    put_bytes(dir / "a/.lock", "4711\n");
    for (const char* name : {"metrics", "checkpoints", "geometry", "eval", "data"}) {
        const std::string path = dir / "a/" + name;
        const auto refused = [&](const std::string& found) {
            const auto opened = RunFolder::open(dir / "a", true);
            ASSERT_FALSE(opened) << name << ": " << found;
            EXPECT_EQ(opened.error().kind, ErrorKind::usage) << opened.error().message;
            EXPECT_TRUE(contains(opened.error().message, path + ": is " + found))
                << opened.error().message;
            EXPECT_TRUE(contains(opened.error().message, "a folder is expected"));
            EXPECT_EQ(bytes_of(dir / "a/.lock"), "4711\n") << name << ": " << found;
            fs::remove(path);
        };
        fs::remove(path);
        put_bytes(path, "x");
        refused("a file");
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
        refused("a named pipe");
        fs::create_symlink("nowhere", path);
        refused("a link that leads to nothing");
        // Moved to another disk it still is one.
        fs::create_directories(dir / name);
        fs::create_symlink("../" + std::string(name), path);
    }
    EXPECT_TRUE(RunFolder::open(dir / "a", true));
    EXPECT_TRUE(fs::is_symlink(dir / "a/checkpoints"));
}

// Wrong if what was read of a run may be overwritten after another process went on with it.
TEST(RunFolder, ALookThatIsOutOfDateDoesNotBecomeTheWriter) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    auto look = RunFolder::open(dir / "a", false);
    ASSERT_TRUE(look);
    RunInfo info = sample_info();
    info.resumes.push_back({600, 1700000200, {}});
    ASSERT_TRUE(RunFolder::open(dir / "a", true)->write_info(info));
    const auto late = look->lock();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::usage);
    EXPECT_TRUE(contains(late.error().message, "open it again")) << late.error().message;
    EXPECT_FALSE(look->locked());
}

// Wrong if a deleted run comes back as a ghost, or a folder that took its name is written.
TEST(RunFolder, AWriterNoticesThatItsFolderIsGone) {
    const TempFolder dir;
    for (const bool replaced : {false, true}) {
        auto folder = RunFolder::create(dir / "a", "x", sample_info());
        ASSERT_TRUE(folder);
        fs::rename(dir / "a", dir / "away");
        if (replaced) fs::create_directories(dir / "a/geometry");
        for (const Status& status :
             {folder->check(), folder->write_state(RunState::done, ""),
              Status(folder->save_geometry({}).ok() ? Status() : Status(failure("no")))})
            EXPECT_FALSE(status) << replaced;
        EXPECT_TRUE(contains(folder->check().error().message, dir / "a"));
        folder->undo_create();
        EXPECT_EQ(fs::exists(dir / "a/geometry"), replaced);
        EXPECT_FALSE(fs::exists(dir / "a/run.json"));
        EXPECT_TRUE(fs::exists(dir / "away/run.json")) << "it is no longer this process's";
        fs::remove_all(dir / "a");
        fs::remove_all(dir / "away");
    }
    auto folder = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(folder);
    fs::remove(dir / "a/run.json");
    EXPECT_FALSE(folder->write_state(RunState::done, "")) << "its content was deleted";
    EXPECT_FALSE(fs::exists(dir / "a/run.json"));
}

// Wrong if a run is begun that must fail at the step where what stands there is found.
TEST(RunFolder, WhatStandsInPlaceOfAFileIsFoundBeforeAnythingIsWritten) {
    const TempFolder dir;
    ASSERT_TRUE(RunFolder::create(dir / "a", "x", sample_info()));
    put_bytes(dir / "a/.lock", "4711\n");
    for (const char* name : {"metrics.csv", "events.jsonl", "eval/step_00000016.json",
                             "geometry/step_00000016.safetensors"}) {
        const std::string path = dir / "a/" + name;
        fs::create_directory(path);
        const auto opened = RunFolder::open(dir / "a", true);
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(opened.error().message, path + ": is a folder; a file is expected"))
            << opened.error().message;
        EXPECT_EQ(bytes_of(dir / "a/.lock"), "4711\n") << name;
        fs::remove(path);
    }
    // The names under which checkpoints are written, replaced and deleted.
    for (const char* name : {".new_step_00000016", ".old_step_00000016", ".gone_step_00000016"}) {
        const std::string path = dir / "a/checkpoints/" + name;
        put_bytes(path, "mine");
        const auto opened = RunFolder::open(dir / "a", true);
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(opened.error().message, path + ": is a file; a folder is expected"))
            << opened.error().message;
        EXPECT_EQ(bytes_of(dir / "a/.lock"), "4711\n") << name;
        EXPECT_EQ(bytes_of(path), "mine");
        fs::remove(path);
        fs::create_directory(path);
    }
    put_bytes(dir / "a/checkpoints/.new_notes", "mine");
    put_bytes(dir / "a/metrics.csv", "");
    fs::create_directory(dir / "a/eval/notes");
    EXPECT_TRUE(RunFolder::open(dir / "a", true));
}

// Wrong if a run that failed for want of room is kept as one that is running.
TEST(RunFolder, AStateFindsRoomWhereNoFileDoes) {
    const TempFolder dir;
    auto folder = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(folder);
    ASSERT_TRUE(folder->write_state(RunState::running, ""));
    fs::create_directory(dir / "a/run.json.tmp");  // no new file gets its name
    for (const auto& [state, reason] :
         {std::pair(RunState::failed, std::string("no room at all, said at length")),
          std::pair(RunState::done, std::string())}) {
        ASSERT_TRUE(folder->write_state(state, reason));
        const auto read = RunFolder::open(dir / "a", false);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->info().state, state);
        EXPECT_EQ(read->info().reason, reason);
    }
    const std::string before = bytes_of(dir / "a/run.json");
    EXPECT_FALSE(folder->write_state(RunState::failed, std::string(5000, 'x'))) << "does not fit";
    fs::create_hard_link(dir / "a/run.json", dir / "copy");
    EXPECT_FALSE(folder->write_state(RunState::paused, "")) << "the copy would change, too";
    EXPECT_EQ(bytes_of(dir / "a/run.json"), before);
}

TEST(RunFolder, FullDiskLeavesRunJson) {
    const TempFolder dir;
    auto folder = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(folder);
    const std::string before = bytes_of(dir / "a/run.json");
    const int code = in_child([&] {
        limit_file_size(100);
        const Status status = folder->write_state(RunState::done, "");
        return !status && folder->info().state == RunState::failed ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(bytes_of(dir / "a/run.json"), before);
}

TEST(RunFolder, DefaultNameIsDatedAndUnique) {
    const TempFolder dir;
    const std::string first = default_run_dir("first_look", dir.path());
    const std::string stem = dir / "first_look-";
    ASSERT_TRUE(first.starts_with(stem)) << first;
    EXPECT_EQ(first.size(), stem.size() + std::string("YYYYMMDD-HHMMSS").size());
    fs::create_directories(first);
    const std::string second = default_run_dir("first_look", dir.path());
    EXPECT_NE(second, first);
    EXPECT_FALSE(fs::exists(second));
    EXPECT_FALSE(contains(default_run_dir("a/b", "runs").substr(5), "/"));
}

GeometrySnapshot snapshot_of(int64_t step, int64_t experts) {
    GeometrySnapshot snapshot;
    snapshot.step = step;
    LayerGeometry layer;
    layer.experts = experts;
    layer.d_space = 64;
    layer.centroids.assign(static_cast<size_t>(experts) * 64, 0.5f);
    snapshot.layers = {layer};
    return snapshot;
}

// Wrong if a long run fills the disk with geometry, or loses its first or newest picture.
TEST(RunFolder, GeometryStaysUnderItsBudget) {
    const TempFolder dir;
    auto folder = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(folder);
    ASSERT_TRUE(*folder->save_geometry(snapshot_of(0, 200)));
    // Files of the right length without content stand for a long run: only their size counts.
    uint64_t total = fs::file_size(folder->geometry_path(0));
    const uint64_t each = kGeometryBudget / 20;
    for (int64_t step = 50; step <= 1000; step += 50) {
        put_bytes(folder->geometry_path(step), "");
        fs::resize_file(folder->geometry_path(step), each);
    }
    ASSERT_TRUE(*folder->save_geometry(snapshot_of(1050, 200)));
    const auto entries = folder->geometry();
    total = 0;
    for (const GeometryEntry& entry : entries) total += entry.bytes;
    EXPECT_LE(total, kGeometryBudget);
    EXPECT_EQ(entries.front().step, 0);
    EXPECT_EQ(entries.back().step, 1050);
    EXPECT_EQ(entries.size(), 21u) << "no more than needed may go";
    ASSERT_TRUE(*folder->save_geometry(snapshot_of(1050, 300))) << "a step may be written again";
    EXPECT_EQ(read_geometry(folder->geometry_path(1050))->layers[0].experts, 300);
}

// Fails if a picture that thinning would take away at once is said to be saved, or others go for
// it.
TEST(RunFolder, APictureThatWouldBeThinnedAtOnceIsNotWritten) {
    const TempFolder dir;
    auto folder = RunFolder::create(dir / "a", "x", sample_info());
    ASSERT_TRUE(folder);
    ASSERT_TRUE(*folder->save_geometry(snapshot_of(50, 200)));
    for (int64_t step = 100; step <= 400; step += 100) {
        put_bytes(folder->geometry_path(step), "");
        fs::resize_file(folder->geometry_path(step), kGeometryBudget / 4);
    }
    const auto before = folder->geometry().size();
    const auto saved = folder->save_geometry(snapshot_of(390, 200));
    ASSERT_TRUE(saved) << saved.error().message;
    EXPECT_FALSE(*saved) << "the neighbours of step 390 tell what it would";
    EXPECT_FALSE(fs::exists(folder->geometry_path(390)));
    EXPECT_EQ(folder->geometry().size(), before);
}

}  // namespace
}  // namespace hopscope::core
