// What the trainer and the inspector publish and the window reads: status, records, pictures,
// messages, and the flags by which the threads tell one another what they need. Each function may
// be called from any thread unless it says otherwise; nothing here waits for work. Owned by the
// session.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/api/session.h"
#include "core/api/snapshot.h"
#include "core/session/ring.h"
#include "core/session/slot.h"
#include "core/session/trainer.h"
#include "core/session/wakeup.h"

namespace hopscope::core {

/// A copy of the weights with the state of the model it shows.
struct PublishedWeights {
    std::shared_ptr<const WeightsCopy> copy;
    uint64_t revision = 0;  ///< Board::revision when it was made
};

/// How much the inspector needs newer weights.
enum class WeightsWanted : uint8_t {
    no,
    soon,  ///< to follow the run; the trainer gives them when it costs little
    now,   ///< a person waits for an answer
};

class Board {
  public:
    explicit Board(std::function<void()> wake) : wake_(std::move(wake)) {}

    RunStatus status() const;
    RunState state() const { return state_.load(std::memory_order_acquire); }
    /// Goes to `to` if the table allows it; else nothing happens and false is returned.
    bool become(RunState to, const std::string& reason = "", bool input_error = false);
    /// Shows the state of a run that another process writes, whatever it was before.
    void show(RunState state, const std::string& reason);
    /// Changes the other fields of the status under its lock; keep `edit` short.
    template <class Edit>
    void edit_status(const Edit& edit) {
        std::lock_guard lock(mutex_);
        edit(status_);
        status_.state = state();
    }

    /// A line for the log panel; the time of day is put before it.
    void say(const std::string& text);
    std::vector<std::string> drain_messages();
    /// Tells the window that something new can be shown.
    void wake() const {
        if (wake_) wake_();
    }

    Ring<ScalarRecord> records;  ///< producer: trainer; consumer: window
    Slot<GeometrySnapshot> geometry;
    Slot<TraceResult> trace;
    Slot<HaltingEffect> halting;
    Slot<InterventionEffect> intervention;
    Slot<PublishedWeights> weights;

    Wakeup trainer_bell;    ///< the trainer thread waits on it
    Wakeup inspector_bell;  ///< the inspector thread waits on it

    /// Asks the threads to end; the first call's `reason` counts. False if it was asked before.
    bool close(const std::string& reason);
    std::string close_reason() const;

    std::atomic<bool> closing{false};
    std::atomic<bool> trainer_gone{false};        ///< no further weights will come
    std::atomic<uint64_t> revision{0};            ///< counts updates and changes of the live model
    std::atomic<bool> geometry_looked_at{false};  ///< the window took the geometry since the last
    std::atomic<bool> trace_looked_at{false};     ///< the window took the trace since the last
    std::atomic<WeightsWanted> weights_wanted{WeightsWanted::no};

  private:
    static constexpr size_t kKeptMessages = 4000;

    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    RunStatus status_;
    std::string close_reason_;
    std::atomic<RunState> state_{RunState::idle};  ///< written under mutex_
    std::deque<std::string> messages_;
};

}  // namespace hopscope::core
