// The life of the inspector thread: it answers questions about prompts on its own copy of the
// weights and follows the run while a prompt is open. It owns the inspector and is the only one to
// call it. request_*() belong to the window thread, run() to the inspector thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/session/board.h"
#include "core/session/trainer.h"

namespace hopscope::core {

class InspectorLoop {
  public:
    InspectorLoop(Board& board, std::unique_ptr<Inspector> inspector);

    /// A newer question replaces an older one of its kind that waits, and cancels one that is
    /// being answered. A trace goes before halting, which is then begun anew.
    void request_trace(TraceRequest request);
    void request_halting(std::string prompt, double epsilon);
    /// Returns after Board::closing; no exception leaves it.
    void run();

  private:
    using Clock = Wakeup::Clock;
    struct HaltingRequest {
        std::string prompt;
        double epsilon = 0;
    };

    bool step();
    void follow(uint64_t ticket);
    void answer_trace(const TraceRequest& request, bool follows);
    void answer_halting(const HaltingRequest& request);
    std::string await_weights(const std::function<bool()>& cancelled);
    void take_newest_weights();

    Board& board_;
    std::unique_ptr<Inspector> inspector_;

    std::mutex mutex_;
    std::optional<TraceRequest> trace_;      ///< waits; under mutex_
    std::optional<HaltingRequest> halting_;  ///< waits; under mutex_
    std::atomic<bool> trace_waits_{false}, halting_waits_{false};

    // Of the inspector thread alone.
    std::optional<TraceRequest> open_;  ///< the prompt that follows the run
    std::shared_ptr<const PublishedWeights> weights_;
    uint64_t traced_revision_ = 0;
    Clock::time_point next_trace_{};
    uint64_t trace_version_ = 0, halting_version_ = 0;
};

}  // namespace hopscope::core
