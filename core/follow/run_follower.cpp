#include "core/follow/run_follower.h"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace hopscope::core {
namespace {

/// Time of the last change by the file system's own clock, whose zero may lie ahead; nothing where
/// there is no such file.
std::optional<int64_t> changed_at(const std::string& path) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    if (error) return std::nullopt;
    return static_cast<int64_t>(time.time_since_epoch().count());
}

}  // namespace

Result<RunFollower> RunFollower::open(const std::string& dir) {
    auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    return RunFollower(*std::move(folder));
}

void RunFollower::tell(FollowedNews& news, const Error& error) {
    if (told_.is_new(error.message)) news.problems.push_back(error.message);
}

FollowedNews RunFollower::look(bool pictures) {
    FollowedNews news;
    read_info(news);
    read_records(news);
    read_commands(news);
    read_forks(news);
    if (pictures) read_geometry(news);
    // Checkpoints appear whole, so their names tell enough.
    const auto steps = folder_.checkpoints().steps();
    const int64_t newest = steps.empty() ? -1 : steps.back();
    news.checkpoint_changed = newest != checkpoint_;
    checkpoint_ = newest;
    looked_ = true;
    return news;
}

void RunFollower::read_info(FollowedNews& news) {
    const bool written = is_being_written(folder_.dir());
    news.info_changed = !looked_ || written != being_written_;
    being_written_ = written;
    auto now = RunFolder::open(folder_.dir(), /*writer=*/false);
    if (!now) return tell(news, now.error());
    if (now->info() == folder_.info()) return;
    folder_ = *std::move(now);
    news.info_changed = true;
}

void RunFollower::read_records(FollowedNews& news) {
    auto read = tail_.read();
    if (!read) return tell(news, read.error());
    news.restarted = read->restarted;
    news.records = std::move(read->records);
    if (news.restarted) step_ = 0;
    if (!news.records.empty()) step_ = news.records.back().step;
}

/// The log only grows, by whole lines; a few of them an hour, so that it is read anew as a whole.
/// What lies ahead of a run that was resumed from an earlier step is told when it comes there.
void RunFollower::read_commands(FollowedNews& news) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(folder_.events_path(), missing);
    if (!missing && size != events_size_) {
        events_size_ = size;
        auto log = read_event_log(folder_.events_path());
        if (!log) return tell(news, log.error());
        log_ = *std::move(log);
        told_commands_.resize(log_.size());
    }
    for (size_t i = 0; i < log_.size(); ++i) {
        if (told_commands_[i] || log_[i].step > step_) continue;
        told_commands_[i] = true;
        news.commands.push_back(answer_of(log_[i]));
    }
    if (news.commands.empty() && !news.restarted) return;
    auto acting = std::make_shared<ActingCommands>();
    for (const LoggedCommand& entry : log_)
        if (entry.step <= step_) acting->add(entry.command);
    news.acting = std::move(acting);
}

void RunFollower::read_forks(FollowedNews& news) {
    for (const int64_t step : folder_.forks()) {
        const auto known = std::find_if(forks_.begin(), forks_.end(),
                                        [&](const Fork& fork) { return fork.step == step; });
        // One of a course that the run has left is not its own; one being founded has no
        // differences yet.
        const std::string dir = folder_.fork_path(step);
        if (known == forks_.end() && step <= step_ && is_fork_folder(dir))
            forks_.push_back({step, MetricsTail(dir + "/metrics.csv")});
    }
    bool grown = false;
    for (size_t i = 0; i < forks_.size(); ++i) {
        auto read = forks_[i].tail.read();
        if (!read) {
            tell(news, read.error());
            continue;
        }
        for (ScalarRecord& record : read->records) {
            if (record.step <= forks_[i].step) continue;  // what it shares with the run
            record.lane = static_cast<int32_t>(i) + 1;
            news.records.push_back(std::move(record));
            grown = true;
        }
    }
    if (forks_.empty()) return;
    // Its end is written nowhere in the run's own files.
    const bool left = fork_.alive && !is_being_written(fork_.dir);
    if (!grown && !left && !news.info_changed && fork_.step == forks_.back().step) return;
    auto fork = read_fork(folder_, forks_.back().step);
    if (!fork) return tell(news, fork.error());
    fork->lane = static_cast<int32_t>(forks_.size());
    fork_ = *fork;
    news.fork = std::make_shared<const ForkStatus>(*std::move(fork));
    for (const Fork& each : forks_) news.lanes.push_back(fork_name(each.step));
}

/// The newest snapshot of the present curve: one of a step that a resumption has cut off is old.
void RunFollower::read_geometry(FollowedNews& news) {
    const auto entries = folder_.geometry();
    const auto newest = std::find_if(entries.rbegin(), entries.rend(), [&](const auto& entry) {
        return entry.step <= step_ || step_ == 0;
    });
    if (newest == entries.rend()) return;
    const std::string path = folder_.geometry_path(newest->step);
    const auto time = changed_at(path);
    if (newest->step == geometry_step_ && time == geometry_time_) return;
    auto read = core::read_geometry(path);
    if (!read) {
        // Thinned away between the listing and the reading: the next look finds another.
        if (changed_at(path)) tell(news, read.error());
        return;
    }
    geometry_step_ = newest->step;
    geometry_time_ = time.value_or(0);
    read->version = ++geometry_version_;  // those of the file begin anew with each process
    news.geometry = std::make_shared<const GeometrySnapshot>(*std::move(read));
}

}  // namespace hopscope::core
