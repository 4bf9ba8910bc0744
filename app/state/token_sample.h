// A larger sample of tokens than the run's own of some hundred, for pictures and tables of routing:
// the task that takes it through the newest checkpoint, beside the training, and the snapshot that
// comes of it. While it is shown it stands in all panels in place of the run's snapshots, until it
// is put away or another moment of the run is chosen. It begins with the probe sample, so that a
// token that is selected stays the same. Window thread only, owned by the window's state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/state/task_runner.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

struct AppState;

class TokenSample {
  public:
    using Snapshot = std::shared_ptr<const core::GeometrySnapshot>;

    /// Tokens that start() asks for, 1 … kMostSampleTokens.
    int64_t wanted = core::kMostSampleTokens;

    /// Why none can be taken, a sentence; "" where one can.
    std::string refusal(const AppState& state) const;
    /// Takes a new one; it is shown as soon as it has come.
    void start(AppState& state);
    void cancel(AppState& state) const;
    bool working() const { return task_.id != 0 && !task_.ended(); }
    const TaskView& task() const { return task_; }

    /// The newest; null before the first.
    const Snapshot& snapshot() const { return snapshot_; }
    bool shown() const { return shown_; }
    /// What the panels speak of: "the fixed sample", or the larger one.
    const char* in_words() const { return shown_ ? "the larger sample" : "the fixed sample"; }
    /// Why there is one step alone of what the panels speak of.
    const char* routed_once() const;
    void show(AppState& state);
    void put_away(AppState& state);

    /// Takes what has come; once a frame. → what the panels are to show in place of `snapshot`.
    Snapshot update(AppState& state, const Snapshot& snapshot);

  private:
    /// Where the worker puts it: written before the task ends, read after.
    using Slot = std::shared_ptr<Snapshot>;

    void follow_task(AppState& state);

    TaskView task_;  ///< id 0: none
    Slot slot_;
    Snapshot snapshot_;
    bool shown_ = false;
    uint64_t moves_ = 0;     ///< TimeCursor::moves() when it was shown
    uint64_t asked_at_ = 0;  ///< the same when the sample was asked for
};

}  // namespace hopscope::app
