// Waking a thread that waits for any of several things. The waiter takes a ticket, looks whether
// there is work, and waits on the ticket: a notification in between is never lost, and nothing is
// polled. Shared by the threads that notify and the one that waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace hopscope::core {

class Wakeup {
  public:
    using Clock = std::chrono::steady_clock;

    /// Take it before looking for work.
    uint64_t ticket() const {
        std::lock_guard lock(mutex_);
        return count_;
    }
    void notify() {
        {
            std::lock_guard lock(mutex_);
            ++count_;
        }
        changed_.notify_all();
    }
    /// Returns once notify() was called after `ticket` was taken.
    void wait(uint64_t ticket) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return count_ != ticket; });
    }
    /// The same, at the latest at `deadline`; false if nothing came.
    bool wait_until(uint64_t ticket, Clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, deadline, [&] { return count_ != ticket; });
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t count_ = 0;
};

}  // namespace hopscope::core
