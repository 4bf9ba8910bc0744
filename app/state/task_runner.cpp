#include "app/state/task_runner.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace hopscope::app {
namespace {

double monotonic_seconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

}  // namespace

TaskRunner::TaskRunner(std::function<void()> wake) : wake_(std::move(wake)) {}

TaskRunner::~TaskRunner() {
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
        for (const auto& task : tasks_) task->cancelled = true;
    }
    bell_.notify_all();
    if (worker_.joinable()) worker_.join();
}

uint64_t TaskRunner::start(std::string name, Work work) {
    auto task = std::make_shared<Task>();
    task->view.name = std::move(name);
    task->work = std::move(work);
    {
        std::lock_guard lock(mutex_);
        task->view.id = next_id_++;
        tasks_.push_back(task);
        if (!worker_.joinable()) worker_ = std::thread([this] { run(); });
    }
    bell_.notify_all();
    return task->view.id;
}

void TaskRunner::post(std::function<void()> work) {
    auto task = std::make_shared<Task>();
    task->posted = std::move(work);
    {
        std::lock_guard lock(mutex_);
        task->view.id = next_id_++;
        tasks_.push_back(task);
        if (!worker_.joinable()) worker_ = std::thread([this] { run(); });
    }
    bell_.notify_all();
}

void TaskRunner::finish() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] {
        return std::all_of(tasks_.begin(), tasks_.end(),
                           [](const auto& task) { return task->view.ended(); });
    });
}

void TaskRunner::cancel(uint64_t id) {
    std::lock_guard lock(mutex_);
    for (const auto& task : tasks_) {
        if (task->view.id != id) continue;
        task->cancelled = true;
        if (task->view.state == TaskState::waiting) task->view.state = TaskState::cancelled;
    }
}

void TaskRunner::cancel_all() {
    for (const TaskView& task : tasks())
        if (!task.ended()) cancel(task.id);
}

bool TaskRunner::idle() const {
    std::lock_guard lock(mutex_);
    return std::all_of(tasks_.begin(), tasks_.end(),
                       [](const auto& task) { return task->view.ended(); });
}

std::vector<TaskView> TaskRunner::tasks() const {
    std::lock_guard lock(mutex_);
    std::vector<TaskView> out;
    for (const auto& task : tasks_)
        if (!task->posted) {
            out.push_back(task->view);
            if (task->view.state == TaskState::running)
                out.back().left = task->left.at(monotonic_seconds());
        }
    return out;
}

void TaskRunner::forget(uint64_t id) {
    std::lock_guard lock(mutex_);
    std::erase_if(tasks_,
                  [&](const auto& task) { return task->view.id == id && task->view.ended(); });
}

void TaskRunner::run() {
    for (;;) {
        std::shared_ptr<Task> next;
        {
            std::unique_lock lock(mutex_);
            const auto waiting = [&] {
                return std::find_if(tasks_.begin(), tasks_.end(), [](const auto& task) {
                    return task->view.state == TaskState::waiting;
                });
            };
            bell_.wait(lock, [&] { return closing_ || waiting() != tasks_.end(); });
            if (closing_) return;
            next = *waiting();
            next->view.state = TaskState::running;
        }
        if (next->posted) {
            next->posted();
            std::lock_guard lock(mutex_);
            next->view.state = TaskState::done;
            std::erase(tasks_, next);
        } else {
            wake();
            execute(*next);
        }
        idle_.notify_all();
        wake();
    }
}

void TaskRunner::execute(Task& task) {
    core::Progress progress;
    progress.cancelled = [&task] { return task.cancelled.load(); };
    progress.report = [&](const std::string& activity, double fraction) {
        {
            std::lock_guard lock(mutex_);
            task.view.activity = activity;
            task.view.progress = fraction;
            task.left.note(monotonic_seconds(), fraction);
        }
        wake();
    };
    core::Result<std::string> result = core::failure("the task broke off");
    try {
        result = task.work(progress);
    } catch (const std::exception& e) {
        result = core::failure(std::string("the task broke off: ") + e.what());
    }
    std::lock_guard lock(mutex_);
    if (result) {
        task.view.state = TaskState::done;
        task.view.outcome = std::move(*result);
    } else {
        const bool asked = task.cancelled || result.error().kind == core::ErrorKind::interrupted;
        task.view.state = asked ? TaskState::cancelled : TaskState::failed;
        task.view.outcome = asked ? "cancelled" : result.error().message;
    }
    task.work = nullptr;
}

}  // namespace hopscope::app
