// The answer to work that is done away from the window's thread: nothing until it has come, then
// taken once. Whoever asked keeps it and looks once a frame; dropping it means that the answer is
// no longer wanted. Used on the window thread; only the slot inside is shared with the worker.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace hopscope::app {

template <class T>
class Pending {
  public:
    /// Where the worker puts its answer; `done` is set when `value` may be read.
    struct Slot {
        std::atomic<bool> done{false};
        std::optional<T> value;
    };

    Pending() = default;
    explicit Pending(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}

    /// Asked for, and not taken yet.
    bool waits() const { return slot_ != nullptr; }
    /// The answer, once; nothing before it has come.
    std::optional<T> take() {
        if (!slot_ || !slot_->done) return {};
        return std::move(std::exchange(slot_, nullptr)->value);
    }
    void forget() { slot_ = nullptr; }

  private:
    std::shared_ptr<Slot> slot_;
};

}  // namespace hopscope::app
