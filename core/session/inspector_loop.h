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
    /// Without an inspector run() must not be called: questions are answered by an error at once.
    InspectorLoop(Board& board, std::unique_ptr<Inspector> inspector);

    /// A newer question replaces an older one of its kind that waits, and cancels one that is
    /// being answered. A trace goes before an intervention and that before halting; what is pushed
    /// aside is begun anew.
    void request_trace(TraceRequest request);
    void request_halting(std::string prompt, double epsilon);
    void request_intervention(InterventionRequest request);
    bool can_run() const { return has_inspector_; }
    /// Returns after Board::closing; no exception leaves it.
    void run();

  private:
    using Clock = Wakeup::Clock;
    struct HaltingRequest {
        std::string prompt;
        double epsilon = 0;
    };

    /// A question that waits for its turn.
    template <class Q>
    struct Waiting {
        std::optional<Q> question;          ///< under mutex_
        std::atomic<bool> is_there{false};  ///< as `question`, for a look without the lock
    };

    template <class Q>
    void put(Waiting<Q>& place, Q question);
    template <class Q>
    bool take(Waiting<Q>& place, std::optional<Q>& out);
    template <class Q>
    void put_back(Waiting<Q>& place, const Q& question);
    template <class R>
    R measure(const std::function<bool()>& cancelled, const std::function<R()>& ask);
    bool step();
    void follow(uint64_t ticket);
    void answer_trace(const TraceRequest& request, bool follows);
    TraceResult second_trace(const TraceRequest& request, const std::function<bool()>& cancelled);
    void answer_halting(const HaltingRequest& request);
    void answer_intervention(const InterventionRequest& request);
    void show(InterventionEffect effect, const InterventionRequest& request);
    std::string await_weights(const std::function<bool()>& cancelled);
    void take_newest_weights();

    Board& board_;
    const bool has_inspector_;
    std::unique_ptr<Inspector> inspector_;

    std::mutex mutex_;
    Waiting<TraceRequest> trace_;
    Waiting<InterventionRequest> intervention_;
    Waiting<HaltingRequest> halting_;

    // Of the inspector thread alone.
    std::optional<TraceRequest> open_;  ///< the prompt that follows the run
    std::shared_ptr<const PublishedWeights> weights_;
    uint64_t traced_revision_ = 0;
    Clock::time_point next_trace_{};
    uint64_t trace_version_ = 0, halting_version_ = 0, intervention_version_ = 0;
};

}  // namespace hopscope::core
