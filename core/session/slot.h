// The newest of a series of immutable values: one thread stores, others look. The lock is held for
// one exchange of pointers only, so that neither side ever waits for the other's work; a value that
// nobody took is dropped when the next one comes.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace hopscope::core {

template <class T>
class Slot {
  public:
    /// The value replaced is freed here, outside the lock, unless someone still holds it.
    void store(std::shared_ptr<const T> value) {
        std::lock_guard lock(mutex_);
        value_.swap(value);
    }
    /// Null before the first.
    std::shared_ptr<const T> load() const {
        std::lock_guard lock(mutex_);
        return value_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

}  // namespace hopscope::core
