#include "core/follow/run_follower.h"

#include <algorithm>
#include <fstream>

#include "core/config/write.h"
#include "core/run/event_log.h"
#include "run_folder_of_another.h"

namespace hopscope::core {
namespace {

RunFollower follow(const std::string& dir) {
    auto opened = RunFollower::open(dir);
    if (!opened) throw std::runtime_error(opened.error().message);
    return *std::move(opened);
}

std::vector<int64_t> steps_of(const FollowedNews& news) {
    std::vector<int64_t> steps;
    for (const auto& record : news.records) steps.push_back(record.step);
    return steps;
}

TEST(RunFollower, SeesWhatIsNewAndOnlyThat) {
    // Wrong if rows that are appended while it is followed are missed, or told twice.
    RunOfAnother run;
    run.rows(1, 3);
    RunFollower follower = follow(run.dir);
    EXPECT_EQ(steps_of(follower.look(true)), (std::vector<int64_t>{1, 2, 3}));
    EXPECT_TRUE(follower.being_written());
    EXPECT_FALSE(follower.look(true).any());
    run.rows(4, 5);
    const FollowedNews news = follower.look(true);
    EXPECT_EQ(steps_of(news), (std::vector<int64_t>{4, 5}));
    EXPECT_TRUE(news.any());
    EXPECT_FALSE(news.restarted);
    EXPECT_EQ(news.records[0].layers.size(), 2U);
    EXPECT_EQ(follower.step(), 5);
}

TEST(RunFollower, TellsEachCommandOnce) {
    // Wrong if what was done to a followed run is missing from its log and curves, or stands there
    // again and again.
    RunOfAnother run;
    run.rows(1, 20);
    RunFollower follower = follow(run.dir);
    EXPECT_TRUE(follower.look(true).commands.empty());
    auto log = EventLog::open(run.folder->events_path());
    ASSERT_TRUE(log);
    const Command freeze{CommandKind::freeze, {{"what", std::string("router")}}};
    const Command set{CommandKind::set, {{"key", std::string("lr")}, {"value", 0.5}}};
    ASSERT_TRUE(log->append({freeze, 7, 0, "window"}));
    FollowedNews news = follower.look(true);
    ASSERT_EQ(news.commands.size(), 1U);
    EXPECT_TRUE(news.any());
    EXPECT_EQ(news.commands[0].command, freeze);
    EXPECT_EQ(news.commands[0].step, 7);
    EXPECT_EQ(news.commands[0].state, AnswerState::applied);
    EXPECT_FALSE(follower.look(true).any());
    ASSERT_TRUE(log->append({set, 9, 0, "window"}));
    news = follower.look(true);
    ASSERT_EQ(news.commands.size(), 1U);
    EXPECT_EQ(news.commands[0].command, set);
}

TEST(RunFollower, WhatLiesAheadOfAResumedRunWaits) {
    // Wrong if a run that went back to an earlier step is said to be frozen by what it has yet to
    // do again.
    RunOfAnother run;
    run.rows(1, 5);
    auto log = EventLog::open(run.folder->events_path());
    ASSERT_TRUE(log);
    const Command freeze{CommandKind::freeze, {{"what", std::string("router")}}};
    ASSERT_TRUE(log->append({freeze, 9, 0, "window"}));
    RunFollower follower = follow(run.dir);
    EXPECT_TRUE(follower.look(true).commands.empty());
    run.rows(6, 9);
    const FollowedNews news = follower.look(true);
    ASSERT_EQ(news.commands.size(), 1U);
    ASSERT_TRUE(news.acting);
    EXPECT_EQ(news.acting->frozen(), std::vector<std::string>{"router"});
}

TEST(RunFollower, AForkIsALaneOfItsOwnUntilItEnds) {
    // Wrong if a fork of a followed run has no curve, has its run's past twice, is told as damaged
    // while it is made, or is alive for ever.
    RunOfAnother run;
    run.rows(1, 4);
    RunFollower follower = follow(run.dir);
    follower.look(true);
    RunInfo info;
    info.state = RunState::running;
    info.forked_from = {"run", 3, R"({"command": "freeze", "what": "router"})"};
    std::optional<RunFolder> fork = *RunFolder::create(run.folder->fork_path(3), to_toml({}), info);
    auto csv = MetricsCsv::open(fork->metrics_path(), 2);
    ASSERT_TRUE(csv);
    for (int64_t step = 1; step <= 4; ++step)
        ASSERT_TRUE(csv->append(RunOfAnother::record(step, 2.0F)));
    FollowedNews news = follower.look(true);
    EXPECT_FALSE(news.fork) << "it is being founded";
    EXPECT_TRUE(news.problems.empty());

    DifferenceLine line;
    line.step = 4;
    line.loss = -0.5;
    put_bytes(fork->dir() + "/difference.csv", difference_header() + difference_text(line));
    news = follower.look(true);
    ASSERT_TRUE(news.fork);
    EXPECT_TRUE(news.fork->alive);
    EXPECT_EQ(news.fork->lane, 1);
    EXPECT_EQ(news.fork->loss, -0.5);
    EXPECT_EQ(news.fork->with, "freeze: what router");
    EXPECT_EQ(news.lanes, std::vector<std::string>{"fork at step 3"});
    ASSERT_EQ(news.records.size(), 1U);
    EXPECT_EQ(news.records[0].step, 4);
    EXPECT_EQ(news.records[0].lane, 1);
    EXPECT_FALSE(follower.look(true).any());

    ASSERT_TRUE(fork->write_state(RunState::paused, "ended at step 4"));
    fork.reset();  // its lock goes
    news = follower.look(true);
    ASSERT_TRUE(news.fork);
    EXPECT_TRUE(news.any());
    EXPECT_FALSE(news.fork->alive);
    EXPECT_EQ(news.fork->ended, "ended at step 4");
    EXPECT_FALSE(follower.look(true).any());
}

TEST(RunFollower, FollowsFromTheVeryBegin) {
    // Wrong if a run opened before its first row (still being prepared) never gets a curve.
    RunOfAnother run;
    std::filesystem::remove(run.dir + "/metrics.csv");
    RunFollower follower = follow(run.dir);
    FollowedNews news = follower.look(true);
    EXPECT_TRUE(news.records.empty());
    EXPECT_TRUE(news.problems.empty());
    run.csv.emplace(*MetricsCsv::open(run.folder->metrics_path(), 2));
    run.rows(1, 2);
    EXPECT_EQ(steps_of(follower.look(true)), (std::vector<int64_t>{1, 2}));
}

TEST(RunFollower, ATornLastLineWaitsForItsEnd) {
    // Wrong if half a line is taken for a row, told as damage, or its second half for a new one.
    RunOfAnother run;
    run.rows(1, 2);
    RunFollower follower = follow(run.dir);
    follower.look(true);
    run.rows(3, 3);
    const std::string path = run.dir + "/metrics.csv", whole = bytes_of(path);
    for (const size_t torn : {size_t{1}, size_t{10}, size_t{20}}) {
        put_bytes(path, whole.substr(0, whole.size() - torn));
        const FollowedNews news = follower.look(true);
        EXPECT_TRUE(news.records.empty()) << torn;
        EXPECT_TRUE(news.problems.empty()) << torn;
        EXPECT_FALSE(news.restarted) << torn;
    }
    put_bytes(path, whole);
    EXPECT_EQ(steps_of(follower.look(true)), std::vector<int64_t>{3});
}

TEST(RunFollower, AResumedRunReplacesItsTail) {
    // Wrong if rows that a resumption cut off stay in the curve, whether the file is shorter when
    // it is looked at again or has grown past its old end.
    for (const int64_t regrown : {2, 12}) {
        RunOfAnother run;
        run.rows(1, 8);
        RunFollower follower = follow(run.dir);
        follower.look(true);
        ASSERT_TRUE(run.csv->cut_to_step(5));
        run.rows(6, 5 + regrown, 2.0F);
        const FollowedNews news = follower.look(true);
        EXPECT_TRUE(news.restarted) << regrown;
        ASSERT_EQ(news.records.size(), static_cast<size_t>(5 + regrown));
        EXPECT_EQ(news.records[4].loss, 3.0F);
        EXPECT_EQ(news.records[5].loss, 2.0F);
        EXPECT_EQ(follower.step(), 5 + regrown);
        run.rows(6 + regrown, 6 + regrown);
        EXPECT_EQ(steps_of(follower.look(true)), std::vector<int64_t>{6 + regrown});
    }
}

TEST(RunFollower, ARewrittenFileIsReadAnew) {
    // Wrong if a file replaced by rename (other columns) is read on in its middle.
    RunOfAnother run;
    run.rows(1, 4);
    RunFollower follower = follow(run.dir);
    follower.look(true);
    const std::string path = run.dir + "/metrics.csv", text = bytes_of(path);
    put_bytes(path + ".new", text);
    std::filesystem::rename(path + ".new", path);
    const FollowedNews news = follower.look(true);
    EXPECT_TRUE(news.restarted);
    EXPECT_EQ(steps_of(news), (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST(RunFollower, DamageIsToldOnceAndOvercome) {
    // Wrong if a damaged line ends the program, is told at every look, or hides the rows that come
    // once the file is whole again.
    RunOfAnother run;
    run.rows(1, 2);
    RunFollower follower = follow(run.dir);
    follower.look(true);
    const std::string path = run.dir + "/metrics.csv", good = bytes_of(path);
    put_bytes(path, good + "3,12,nonsense\n");
    const FollowedNews news = follower.look(true);
    ASSERT_EQ(news.problems.size(), 1U);
    EXPECT_TRUE(news.any());
    EXPECT_TRUE(contains(news.problems[0], path + ":5")) << news.problems[0];
    EXPECT_TRUE(follower.look(true).problems.empty());
    put_bytes(path, good);
    run.csv.emplace(*MetricsCsv::open(path, 2));
    run.rows(3, 3);
    EXPECT_EQ(steps_of(follower.look(true)).back(), 3);
    put_bytes(run.dir + "/run.json", "{");
    EXPECT_EQ(follower.look(true).problems.size(), 1U);
    EXPECT_EQ(follower.info().steps, 100) << "the last good run.json stays";
}

TEST(RunFollower, NewerSnapshotsReplaceOlderOnes) {
    // Wrong if the routing space stays at an old step, is read again and again, or shows a step
    // that a resumption has cut off.
    RunOfAnother run;
    run.rows(1, 10);
    run.geometry(5);
    RunFollower follower = follow(run.dir);
    auto first = follower.look(true).geometry;
    ASSERT_TRUE(first);
    EXPECT_EQ(first->step, 5);
    EXPECT_EQ(first->pieces, (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(follower.look(true).geometry);
    run.geometry(10);
    EXPECT_FALSE(follower.look(false).geometry) << "read though nobody looks";
    const FollowedNews grown = follower.look(true);
    EXPECT_TRUE(grown.any());
    const auto second = grown.geometry;
    ASSERT_TRUE(second);
    EXPECT_EQ(second->step, 10);
    EXPECT_GT(second->version, first->version);
    ASSERT_TRUE(run.csv->cut_to_step(7));
    auto third = follower.look(true).geometry;
    ASSERT_TRUE(third);
    EXPECT_EQ(third->step, 5);
}

TEST(RunFollower, ADamagedSnapshotIsToldOnce) {
    // Wrong if the routing space stays empty and nobody says why, or is told at every look.
    RunOfAnother run;
    run.rows(1, 10);
    run.geometry(5);
    const std::string path = run.folder->geometry_path(5), whole = bytes_of(path);
    put_bytes(path, whole.substr(0, whole.size() / 2));
    RunFollower follower = follow(run.dir);
    const FollowedNews news = follower.look(true);
    EXPECT_FALSE(news.geometry);
    ASSERT_EQ(news.problems.size(), 1U);
    EXPECT_TRUE(contains(news.problems[0], path)) << news.problems[0];
    EXPECT_TRUE(follower.look(true).problems.empty());
    put_bytes(path, whole);
    EXPECT_TRUE(follower.look(true).geometry);
}

TEST(RunFollower, TheFirstLookShowsASnapshotOfAnyTime) {
    // Wrong if what a clock makes of a file's time keeps a run that was copied from being shown.
    for (const int64_t step : {0, 1, 2}) {
        RunOfAnother run;
        run.rows(1, 2);
        run.geometry(step);
        std::filesystem::last_write_time(run.folder->geometry_path(step), {});
        RunFollower follower = follow(run.dir);
        const auto first = follower.look(true).geometry;
        ASSERT_TRUE(first) << step;
        EXPECT_EQ(first->step, step);
        EXPECT_FALSE(follower.look(true).geometry) << step;
    }
}

TEST(RunFollower, TellsStateLockAndCheckpoints) {
    // Wrong if the window cannot tell a run that is being written from one whose process is gone.
    RunOfAnother run;
    RunFollower follower = follow(run.dir);
    EXPECT_TRUE(follower.look(false).info_changed);
    EXPECT_EQ(follower.checkpoint(), -1);
    run.checkpoint(20);
    const FollowedNews saved = follower.look(false);
    EXPECT_TRUE(saved.checkpoint_changed);
    EXPECT_TRUE(saved.any());
    EXPECT_EQ(follower.checkpoint(), 20);
    ASSERT_TRUE(run.folder->write_state(RunState::paused, "no space left"));
    const FollowedNews paused = follower.look(false);
    EXPECT_TRUE(paused.info_changed);
    EXPECT_TRUE(paused.any());
    EXPECT_EQ(follower.info().state, RunState::paused);
    EXPECT_EQ(follower.info().reason, "no space left");
    EXPECT_TRUE(follower.being_written());
    run.leave();
    EXPECT_TRUE(follower.look(false).info_changed);
    EXPECT_FALSE(follower.being_written());
}

TEST(RunFollower, LookingNeverKeepsAWriterOut) {
    // Wrong if a run cannot be resumed because a window looks at its lock, or the look takes it.
    RunOfAnother run;
    run.leave();
    const FileHandle looker(::open((run.dir + "/.lock").c_str(), O_RDONLY));
    EXPECT_FALSE(is_being_written(run.dir));
    auto writer = RunFolder::open(run.dir, /*writer=*/true);
    EXPECT_TRUE(writer);
    EXPECT_TRUE(is_being_written(run.dir));
    EXPECT_FALSE(RunFolder::open(run.dir, /*writer=*/true));
    EXPECT_FALSE(is_being_written(run.temp.path())) << "a folder without a lock";
}

TEST(RunFollower, AForeignFolderIsRefused) {
    // Wrong if any folder passes for a run.
    TempFolder temp;
    const auto opened = RunFollower::open(temp.path());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace hopscope::core
