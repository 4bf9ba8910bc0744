// A task is long work in the background: one worker thread takes one task after another, each with
// progress, cancel and a result or an error. Owned by AppState; its functions belong to the window
// thread, the work runs on the worker.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/state/time_left.h"
#include "core/api/base.h"
#include "core/api/progress.h"

namespace hopscope::app {

enum class TaskState : uint8_t { waiting, running, done, failed, cancelled };

/// What is known of a task; a copy.
struct TaskView {
    uint64_t id = 0;
    std::string name;
    TaskState state = TaskState::waiting;
    std::string activity;  ///< "evaluating batch 3 of 20"
    double progress = -1;  ///< 0 … 1; −1 unknown
    /// Seconds that it takes yet; NaN where it cannot be told, or does not run.
    double left = std::numeric_limits<double>::quiet_NaN();
    std::string outcome;  ///< the result, or the reason of a failure
    bool ended() const { return state != TaskState::waiting && state != TaskState::running; }
};

class TaskRunner {
  public:
    /// Reports and polls through `progress`; what it captures must outlive the runner.
    using Work = std::function<core::Result<std::string>(const core::Progress& progress)>;

    /// `wake` is called from the worker when something new can be shown; may be empty.
    explicit TaskRunner(std::function<void()> wake);
    ~TaskRunner();  ///< cancels what runs, drops what waits, joins
    TaskRunner(const TaskRunner&) = delete;
    TaskRunner& operator=(const TaskRunner&) = delete;

    uint64_t start(std::string name, Work work);
    /// Work that is no task of the list: nobody sees it or cancels it, and it must not throw.
    void post(std::function<void()> work);
    /// Waits until all that was begun or posted has ended.
    void finish();
    void cancel(uint64_t id);
    void cancel_all();
    /// Whether nothing is begun or waits.
    bool idle() const;
    /// Oldest first; ended tasks stay until forget().
    std::vector<TaskView> tasks() const;
    /// Drops an ended task.
    void forget(uint64_t id);

  private:
    struct Task {
        TaskView view;
        Work work;
        std::function<void()> posted;  ///< in place of `work`: not in the list
        TimeLeft left;
        std::atomic<bool> cancelled{false};
    };

    void run();
    void execute(Task& task);
    void wake() const {
        if (wake_) wake_();
    }

    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::condition_variable bell_, idle_;
    std::vector<std::shared_ptr<Task>> tasks_;  ///< under mutex_, their views too
    uint64_t next_id_ = 1;
    bool closing_ = false;
    std::thread worker_;  ///< started with the first task
};

}  // namespace hopscope::app
