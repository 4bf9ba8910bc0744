// The runs that are offered again.
#include "app/state/recent_runs.h"

#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

/// One window with its list; folders named in `gone` cannot be opened.
class OneWindow {
  public:
    OneWindow(const std::string& folder, std::set<std::string> gone = {}) {
        state.services.look_at_run = [gone](const std::string& dir) -> core::Result<core::RunLook> {
            if (gone.contains(dir)) return core::usage_error(dir + ": no such folder");
            core::RunLook look;
            look.variant = "wide";
            look.step = 1200;
            look.steps = 3000;
            return look;
        };
        recent.begin(state, folder);
        settle();
    }
    ~OneWindow() { state.finish_aside(); }
    void settle() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        do {
            recent.update(state);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        } while (recent.busy() && std::chrono::steady_clock::now() < end);
        ASSERT_FALSE(recent.busy());
    }
    void open(const std::string& dir, bool read_only = false) {
        state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}));
        state.status.run_dir = dir;
        state.status.read_only = read_only;
        settle();
    }
    std::vector<std::string> dirs() const {
        std::vector<std::string> out;
        for (const RecentRun& run : recent.runs()) out.push_back(run.dir);
        return out;
    }

    AppState state;
    RecentRuns recent;
};

using Dirs = std::vector<std::string>;

// Wrong if a run that was opened is not offered at the next start, in another order, or one that
// is only looked at is.
TEST(RecentRuns, TheNewestComesFirstAtTheNextStart) {
    const test::TempFolder folder;
    {
        OneWindow window(folder.path());
        EXPECT_TRUE(window.recent.runs().empty());
        window.open("/runs/a");
        window.open("/runs/b");
        window.open("/opt/example", /*read_only=*/true);
        window.open("/runs/a");
        EXPECT_EQ(window.dirs(), (Dirs{"/runs/a", "/runs/b"}));
    }
    OneWindow later(folder.path(), {"/runs/b"});
    ASSERT_EQ(later.dirs(), (Dirs{"/runs/a", "/runs/b"}));
    EXPECT_EQ(later.recent.runs()[0].missing, "");
    EXPECT_EQ(later.recent.runs()[0].look.step, 1200);
    // What it was is still known.
    EXPECT_NE(later.recent.runs()[1].missing.find("no such folder"), std::string::npos);
    EXPECT_EQ(later.recent.runs()[1].look.variant, "wide");
    EXPECT_EQ(later.recent.runs()[1].look.steps, 3000);
}

// Wrong if one window forgot what another had noted, or brought back what it had removed.
TEST(RecentRuns, TwoWindowsKeepOneList) {
    const test::TempFolder folder;
    OneWindow first(folder.path()), second(folder.path());
    first.open("/runs/a");
    second.open("/runs/b");
    EXPECT_EQ(second.dirs(), (Dirs{"/runs/b", "/runs/a"}));
    second.recent.remove(second.state, "/runs/a");
    EXPECT_EQ(second.dirs(), Dirs{"/runs/b"}) << "gone at once";
    second.settle();
    first.open("/runs/c");
    EXPECT_EQ(first.dirs(), (Dirs{"/runs/c", "/runs/b"})) << "its own of before was removed";
    std::string problem;
    EXPECT_EQ(read_recent(folder.path(), problem).size(), 2u);
    EXPECT_EQ(problem, "");
}

// Wrong if the list grew without end, or a damaged file kept it from working.
TEST(RecentRuns, IsShortAndSurvivesDamage) {
    const test::TempFolder folder;
    std::vector<RecentRun> many(kRecentRuns + 5);
    for (size_t i = 0; i < many.size(); ++i) {
        many[i].dir = "/runs/" + std::to_string(i);
        many[i].opened = static_cast<double>(i);
    }
    folder.write("recent.json", recent_text(many));
    std::string problem;
    const auto kept = read_recent(folder.path(), problem);
    ASSERT_EQ(kept.size(), kRecentRuns);
    EXPECT_EQ(kept[0].dir, many.back().dir);
    for (const char* text : {"", "[]", "{\"runs\": 3}", "{\"runs\": [{}]}", "\xff"}) {
        folder.write("recent.json", text);
        problem.clear();
        EXPECT_TRUE(read_recent(folder.path(), problem).empty()) << text;
        EXPECT_NE(problem.find("recent.json"), std::string::npos) << text;
    }
    OneWindow window(folder.path());
    EXPECT_NE(window.state.log.at(0).text.find("recent.json"), std::string::npos);
    window.open("/runs/new");
    problem.clear();
    EXPECT_EQ(read_recent(folder.path(), problem).size(), 1u);
    EXPECT_EQ(problem, "");
}

// Wrong if what an earlier version kept were lost, or what is written now were not what is kept.
TEST(RecentRuns, OfEachVersion) {
    const std::string kept = std::string(HOPSCOPE_FORMATS) + "/2026-11-29/window";
    std::string problem;
    const auto runs = read_recent(kept, problem);
    EXPECT_EQ(problem, "");
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].dir, "/runs/first_look-20261129-101500");
    EXPECT_EQ(runs[0].look.state, core::RunState::stopped);
    EXPECT_EQ(runs[0].look.step, 1500);
    EXPECT_TRUE(runs[0].look.synthetic);
    EXPECT_EQ(runs[1].look.lanes, 3);
    EXPECT_EQ(recent_text(runs), test::bytes_of(kept + "/recent.json"));
}

// Wrong if the list needed a folder to be kept in.
TEST(RecentRuns, WithoutAFolderItLastsAsLongAsTheWindow) {
    OneWindow window("");
    window.open("/runs/a");
    window.open("/runs/b");
    EXPECT_EQ(window.dirs(), (Dirs{"/runs/b", "/runs/a"}));
    window.recent.remove(window.state, "/runs/b");
    window.settle();
    EXPECT_EQ(window.dirs(), Dirs{"/runs/a"});
}

}  // namespace
}  // namespace hopscope::app
