// The thread behind core/api/watch.h.
#include <chrono>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/api/watch.h"
#include "core/follow/run_follower.h"
#include "core/follow/told_once.h"
#include "core/imported/imported_run.h"
#include "core/session/wakeup.h"

namespace hopscope::core {
namespace {

/// Files tell nobody that they have grown (not on every file system), so they are looked at.
constexpr std::chrono::milliseconds kWatchPeriod{1000};

class FolderWatch final : public RunWatch {
  public:
    FolderWatch(const std::vector<std::string>& dirs, std::function<void()> wake)
        : wake_(std::move(wake)), readers_(dirs.size()) {
        for (const std::string& dir : dirs) {
            WatchedRun run;
            run.dir = dir;
            run.name = std::filesystem::path(dir + "/").parent_path().filename().string();
            runs_.push_back(std::move(run));
        }
        thread_ = std::thread([this] { run(); });
    }
    ~FolderWatch() override {
        {
            std::lock_guard lock(mutex_);
            closing_ = true;
        }
        bell_.notify();
        thread_.join();
    }

    std::vector<WatchedRun> runs() const override {
        std::lock_guard lock(mutex_);
        return runs_;
    }
    std::vector<WatchedNews> drain() override {
        std::lock_guard lock(mutex_);
        return std::exchange(news_, {});
    }
    std::vector<std::string> drain_messages() override {
        std::lock_guard lock(mutex_);
        return std::exchange(messages_, {});
    }

  private:
    bool closing() const {
        std::lock_guard lock(mutex_);
        return closing_;
    }

    void run() {
        while (!closing()) {
            const uint64_t ticket = bell_.ticket();
            bool any = false;
            for (size_t i = 0; i < readers_.size() && !closing(); ++i) any |= look(i);
            if (any && wake_) wake_();
            if (!closing()) bell_.wait_until(ticket, Wakeup::Clock::now() + kWatchPeriod);
        }
    }

    bool look(size_t index) {
        try {
            return read(index);
        } catch (const std::exception& e) {  // no memory, at most: the other runs go on
            return tell(runs_[index].dir + ": " + e.what());
        }
    }

    bool read(size_t index) {
        auto& reader = readers_[index];
        if (!reader) {
            if (is_imported_run(runs_[index].dir)) return see_imported(index);
            auto opened = RunFollower::open(runs_[index].dir);
            if (!opened) return tell(opened.error().message);
            reader.emplace(*std::move(opened));
        }
        FollowedNews news = reader->look(/*pictures=*/false);
        for (const std::string& problem : news.problems) tell(problem);
        if (!news.any()) return false;
        std::lock_guard lock(mutex_);
        WatchedRun& run = runs_[index];
        run.name = reader->folder().name();
        run.state = reader->info().state;
        run.reason = reader->info().reason;
        run.being_written = reader->being_written();
        run.step = reader->step();
        run.steps = reader->info().steps;
        if (news.restarted || !news.records.empty())
            news_.push_back({index, news.restarted, std::move(news.records)});
        return true;
    }

    /// It has no curve, which is no error: another panel compares two imported models.
    bool see_imported(size_t index) {
        std::lock_guard lock(mutex_);
        return std::exchange(runs_[index].state, RunState::imported) != RunState::imported;
    }

    /// Each text once.
    bool tell(const std::string& text) {
        if (!told_.is_new(text)) return false;
        std::lock_guard lock(mutex_);
        messages_.push_back(text);
        return true;
    }

    const std::function<void()> wake_;
    std::vector<std::optional<RunFollower>> readers_;  ///< of the thread alone
    ToldOnce told_;                                    ///< of the thread alone
    mutable std::mutex mutex_;
    bool closing_ = false;
    std::vector<WatchedRun> runs_;  ///< dir never changes; the rest under mutex_
    std::vector<WatchedNews> news_;
    std::vector<std::string> messages_;
    Wakeup bell_;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<RunWatch> RunWatch::open(std::vector<std::string> dirs,
                                         std::function<void()> wake) {
    return std::make_unique<FolderWatch>(dirs, std::move(wake));
}

}  // namespace hopscope::core
