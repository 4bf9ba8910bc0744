// What is read from the folders of the compared runs, on a thread of its own: anew when a run comes
// or goes or has been evaluated again, and only while somebody asks. Window thread only; the
// reading owns or outlives what it uses.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/state/compared_runs.h"
#include "app/state/latest.h"
#include "core/api/base.h"

namespace hopscope::app {

/// When the folders are to be read, and which.
class ReadingTurn {
  public:
    /// Whether to begin now; then dirs() are the folders.
    bool comes(const std::vector<ComparedEntry>& entries, bool working, double now);
    void ended(double now) { took_ = now - started_at_; }
    const std::vector<std::string>& dirs() const { return dirs_; }

  private:
    struct Stamp {  ///< what a result is made from
        std::string dir;
        size_t evaluations = 0;
        bool operator==(const Stamp&) const = default;
    };
    std::vector<Stamp> made_for_;
    std::vector<std::string> dirs_;
    double started_at_ = -1e9;  ///< AppState::now
    double took_ = 0;           ///< the last one, seconds
};

template <class Answer>
class FolderReading {
  public:
    using Read = std::function<core::Result<Answer>(const std::vector<std::string>& run_dirs,
                                                    const core::Progress& progress)>;

    /// Keeps the result up to date while it is called once a frame. → whether an answer came.
    bool want(const std::vector<ComparedEntry>& entries, const Read& read,
              const std::function<void()>& wake, double now) {
        bool came = false;
        if (auto made = work_.take()) {
            came = true;
            turn_.ended(now);
            problem_ = *made ? "" : made->error().message;
            if (*made) result_ = std::make_shared<const Answer>(std::move(**made));
        }
        if (read && turn_.comes(entries, working(), now))
            work_.start(wake, [read, dirs = turn_.dirs()](const core::Progress& progress) {
                return read(dirs, progress);
            });
        return came;
    }
    /// The newest; null before the first.
    const std::shared_ptr<const Answer>& result() const { return result_; }
    bool working() const { return work_.working(); }
    const std::string& problem() const { return problem_; }
    /// Ends what is under way, before the window goes.
    void stop() { work_.stop(); }

  private:
    std::shared_ptr<const Answer> result_;
    std::string problem_;
    Latest<core::Result<Answer>> work_;
    ReadingTurn turn_;
};

}  // namespace hopscope::app
