// How runs come in and go.
#include "app/window/run_door.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

/// Lets the door do what was asked: it reads files and opens sessions aside.
void settle(RunDoor& door) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
        door.update();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (door.busy() && std::chrono::steady_clock::now() < end);
    ASSERT_FALSE(door.busy());
}

// Wrong if a bad config or folder left the user without a reason, or replaced the open run.
TEST(RunDoor, SaysWhyNothingOpened) {
    AppState state;
    state.services = gui_test::fake_services({});
    RunDoor door(state);
    door.start_config("bad.toml");
    settle(door);
    EXPECT_FALSE(state.session);
    EXPECT_NE(door.problem().find("bad.toml:3"), std::string::npos);
    door.open_run("/no/such/folder");
    settle(door);
    EXPECT_NE(door.problem().find("/no/such/folder"), std::string::npos);
    door.start_config("good.toml");
    settle(door);
    EXPECT_TRUE(state.session);
    EXPECT_EQ(door.problem(), "");
    core::Session* open = state.session.get();
    door.start_config("bad.toml");
    settle(door);
    EXPECT_EQ(state.session.get(), open);
}

// Wrong if the race of one click has other lanes than its words say, or they are not the three
// shapes.
TEST(RunDoor, RacesTheThreeShapes) {
    AppState state;
    state.services = gui_test::fake_services({});
    std::vector<std::vector<std::string>> overrides;
    state.services.read_config = [&](const std::string& path,
                                     const std::vector<std::string>& more) {
        EXPECT_EQ(path, "configs/order.toml");
        overrides.push_back(more);
        return core::Result<core::Config>(core::Config{});
    };
    std::vector<core::RaceLane> lanes;
    const auto open = state.services.open_session;
    state.services.open_session = [&](core::SessionOptions options) {
        lanes = options.race;
        return open(std::move(options));
    };
    RunDoor door(state);
    door.start_shapes("configs/order.toml");
    settle(door);
    ASSERT_EQ(lanes.size(), 3u) << door.problem();
    EXPECT_EQ(lanes[0].name, "dense");
    EXPECT_EQ(lanes[1].name, "wide");
    EXPECT_EQ(lanes[2].name, "deep");
    EXPECT_EQ(overrides[0][0], "model.ffn=dense");
    EXPECT_TRUE(overrides[1].empty());
    EXPECT_EQ(overrides[2], (std::vector<std::string>{"moe.hops=3", "moe.top_k=4"}));
}

// Wrong if a session file opens another run than its own, loses what it says, or a damaged one is
// taken for a folder.
TEST(RunDoor, OpensTheRunOfASessionFile) {
    AppState state;
    gui_test::FakeOptions over;
    over.state = core::RunState::done;  // a run at work would be asked about
    state.services = gui_test::fake_services(over);
    RunDoor door(state);
    test::TempFolder folder;
    SavedSession saved;
    saved.run = folder.path();
    saved.prompt = "a river";
    const std::string file = folder.write("here.session.json", text_of(saved));
    door.open_run(file);
    settle(door);
    ASSERT_TRUE(state.session) << door.problem();
    const auto found = door.take_restored();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->prompt, "a river");
    EXPECT_FALSE(door.take_restored()) << "twice";
    update_state(state);
    // The folder was moved, with the file in it.
    saved.run = "/no/such/run";
    folder.write("config.toml", "");
    folder.write("here.session.json", text_of(saved));
    door.open_run(file);
    settle(door);
    EXPECT_EQ(door.problem(), "");
    EXPECT_TRUE(door.take_restored());
    const core::Session* open = state.session.get();
    for (const char* text : {"", "{}", "[1]", "{\"format\": \"hopscope.session/1\"}"}) {
        folder.write("here.session.json", text);
        door.open_run(file);
        settle(door);
        EXPECT_NE(door.problem().find("here.session.json"), std::string::npos) << text;
        EXPECT_EQ(state.session.get(), open) << text;
    }
}

// Wrong if the sample is missing because the program stands in a build folder and was started from
// somewhere else.
TEST(RunDoor, TheSampleIsFoundFromABuildFolder) {
    const test::TempFolder folder;
    for (const char* made : {"configs", "build/release"})
        std::filesystem::create_directories(folder / made);
    folder.write("configs/only_here.toml", "");
    const std::string found = bundled_config(folder / "build/release", "only_here");
    ASSERT_NE(found, "");
    EXPECT_TRUE(std::filesystem::equivalent(found, folder / "configs/only_here.toml"));
    EXPECT_EQ(bundled_config(folder / "build/release", "nowhere"), "");
}

/// Another working folder while it lives.
class WorkingFolder {
  public:
    explicit WorkingFolder(const std::string& path) : before_(std::filesystem::current_path()) {
        std::filesystem::current_path(path);
    }
    ~WorkingFolder() {
        std::error_code ignored;
        std::filesystem::current_path(before_, ignored);
    }
    WorkingFolder(const WorkingFolder&) = delete;
    WorkingFolder& operator=(const WorkingFolder&) = delete;

  private:
    std::filesystem::path before_;
};

/// A program in a build folder, and the example in its repository.
struct Bundle {
    Bundle() {
        std::filesystem::create_directories(folder / "build/release");
        std::filesystem::create_directories(folder / "runs/mine");
        folder.write("assets/example/config.toml", "");
        folder.write("runs/mine/config.toml", "");
    }
    test::TempFolder folder;
};

// Wrong if a program that is started in another repository took that one's example for its own,
// whose own could then be written to.
TEST(RunDoor, TheExampleIsThatOfTheProgram) {
    const Bundle bundle, other;
    const WorkingFolder there(other.folder.path());
    const std::string example = bundled_example(bundle.folder / "build/release");
    ASSERT_NE(example, "");
    EXPECT_TRUE(std::filesystem::equivalent(example, bundle.folder / "assets/example"));
    // Of a program that has none beside it, that of the working folder.
    EXPECT_NE(bundled_example(bundle.folder / "runs/mine/nowhere"), "");
}

// Wrong if what comes with the program could be written to, by whatever path it was opened, or
// another run could not.
TEST(RunDoor, TheExampleIsOnlyLookedAt) {
    const Bundle bundle;
    const test::TempFolder empty;
    const WorkingFolder elsewhere(empty.path());  // a repository has an example of its own
    const std::string example = bundled_example(bundle.folder / "build/release");
    ASSERT_NE(example, "");
    EXPECT_EQ(bundled_example(bundle.folder / "runs/mine/nowhere"), "");
    AppState state;
    state.exe_dir = bundle.folder / "build/release";
    gui_test::FakeOptions over;
    over.state = core::RunState::done;
    state.services = gui_test::fake_services(over);
    core::SessionOptions asked;
    state.services.open_session =
        [&, open = state.services.open_session](core::SessionOptions options) {
            asked = options;
            return open(std::move(options));
        };
    RunDoor door(state);
    for (const std::string& path :
         {example, bundle.folder / "runs/../assets/example", bundle.folder / "assets/example/"}) {
        door.open_run(path);
        settle(door);
        update_state(state);
        EXPECT_TRUE(asked.open_only && asked.look_only) << path;
        EXPECT_NE(asked.look_reason.find("copy"), std::string::npos) << "says what to do";
    }
    door.open_run(bundle.folder / "runs/mine");
    settle(door);
    EXPECT_EQ(asked.run_dir, bundle.folder / "runs/mine");
    EXPECT_FALSE(asked.look_only);
    EXPECT_EQ(asked.look_reason, "");
}

// Wrong if the copy of a run that has made all its steps had none to make, or trained by itself.
TEST(RunDoor, ACopyHasStepsBeforeIt) {
    AppState state;
    state.services = gui_test::fake_services({});
    std::string copied;
    state.services.copy_run = [&](const std::string& run) -> core::Result<std::string> {
        copied = run;
        return run == "full" ? core::Result<std::string>(core::failure("no room left"))
                             : core::Result<std::string>("runs/example-1");
    };
    state.services.read_config = [](const std::string& path, const std::vector<std::string>&) {
        EXPECT_EQ(path, "runs/example-1/config.toml");
        core::Config config;
        config.train.steps = 1200;
        return core::Result<core::Config>(config);
    };
    core::SessionOptions asked;
    state.services.open_session =
        [&, open = state.services.open_session](core::SessionOptions options) {
            asked = options;
            return open(std::move(options));
        };
    RunDoor door(state);
    door.train_copy("full");
    settle(door);
    EXPECT_NE(door.problem().find("no room left"), std::string::npos);
    EXPECT_FALSE(state.session);
    door.train_copy("/opt/example");
    settle(door);
    EXPECT_EQ(copied, "/opt/example");
    EXPECT_EQ(asked.run_dir, "runs/example-1");
    EXPECT_EQ(asked.config.train.steps, 2400);
    EXPECT_TRUE(asked.open_only);
    EXPECT_FALSE(asked.look_only);
    EXPECT_FALSE(asked.start);
}

// Wrong if a race began with fewer lanes, lanes of other names, or half of them where one of the
// files is wrong.
TEST(RunDoor, StartsARaceOfFiles) {
    AppState state;
    core::SessionOptions asked;
    int opened = 0;
    state.services = gui_test::fake_services({});
    const auto open = state.services.open_session;
    state.services.open_session = [&](core::SessionOptions options) {
        asked = options;
        ++opened;
        return open(std::move(options));
    };
    RunDoor door(state);
    door.start_race({"a/wide.toml", "bad.toml"});
    settle(door);
    EXPECT_EQ(opened, 0);
    EXPECT_NE(door.problem().find("bad.toml:3"), std::string::npos);
    door.start_race({"a/wide.toml", "b/deep.toml"}, "runs/two");
    settle(door);
    ASSERT_EQ(opened, 1);
    ASSERT_EQ(asked.race.size(), 2u);
    EXPECT_EQ(asked.race[0].name, "wide");
    EXPECT_EQ(asked.race[1].name, "deep");
    EXPECT_EQ(asked.run_dir, "runs/two");
    EXPECT_TRUE(asked.start);
    EXPECT_TRUE(door.problem().empty());
}

}  // namespace
}  // namespace hopscope::app
