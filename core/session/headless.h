// A session without a window: waits on the calling thread until the run has ended and passes on
// what happens. Used by lab::train.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/api/session.h"
#include "core/base/result.h"
#include "core/session/wakeup.h"

namespace hopscope::core {

/// The session's `wake` for run_headless; outlives whoever goes first.
struct HeadlessWake {
    std::shared_ptr<Wakeup> bell = std::make_shared<Wakeup>();
    /// Goes to SessionOptions::wake.
    std::function<void()> callback() const {
        return [bell = bell] { bell->notify(); };
    }
};

/// Blocks until the run is done, stopped or failed and its threads have ended, and returns the last
/// status. `on_step` gets every record in order, `on_status` each change of state, activity or
/// progress; both may be empty and are called on this thread. `interrupt` not 0: the run is stopped
/// cleanly once (Error interrupted). A failed run is an Error, of kind usage where the input is at
/// fault.
Result<RunStatus> run_headless(
    Session& session, const HeadlessWake& wake,
    const std::function<void(const RunStatus&)>& on_status,
    const std::function<void(const ScalarRecord&, const RunStatus&)>& on_step,
    const std::atomic<int>& interrupt);

}  // namespace hopscope::core
