// Long work of which only the newest counts: asking anew cancels what is under way, whose answer
// then never comes. One thread of its own. Window thread only; the work owns or outlives what it
// uses.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "app/state/aside.h"
#include "core/api/progress.h"

namespace hopscope::app {

template <class Answer>
class Latest {
  public:
    Latest() = default;
    Latest(Latest&&) noexcept = default;
    Latest& operator=(Latest&& other) noexcept {
        stop();
        pending_ = std::move(other.pending_);
        cancelled_ = std::move(other.cancelled_);
        worker_ = std::move(other.worker_);
        return *this;
    }
    ~Latest() { stop(); }

    /// `wake` is called from the worker when the answer is there.
    void start(std::function<void()> wake, std::function<Answer(const core::Progress&)> work) {
        if (cancelled_) *cancelled_ = true;
        cancelled_ = std::make_shared<std::atomic<bool>>(false);
        if (!worker_) worker_ = std::make_unique<TaskRunner>(std::move(wake));
        pending_ = post_aside(*worker_, [work = std::move(work), cancelled = cancelled_] {
            core::Progress progress;
            progress.cancelled = [cancelled] { return cancelled->load(); };
            return work(progress);
        });
    }
    /// The answer, once.
    std::optional<Answer> take() { return pending_.take(); }
    bool working() const { return pending_.waits(); }
    /// Cancels and waits, before what the worker wakes goes.
    void stop() {
        if (cancelled_) *cancelled_ = true;
        if (worker_) worker_->finish();
    }

  private:
    Pending<Answer> pending_;
    std::shared_ptr<std::atomic<bool>> cancelled_;
    std::unique_ptr<TaskRunner> worker_;  ///< null before the first
};

}  // namespace hopscope::app
