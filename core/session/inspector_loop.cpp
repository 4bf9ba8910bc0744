#include "core/session/inspector_loop.h"

#include <algorithm>
#include <exception>

namespace hopscope::core {
namespace {

/// An open prompt is traced anew at most four times a second, and takes at most a fifth of a core.
constexpr std::chrono::milliseconds kTracePeriod{250};
constexpr int kTraceRest = 4;
/// How long a question waits for weights of this very step before older ones must do.
constexpr std::chrono::milliseconds kFreshWait{250};

/// "" if all can be carried out on prompts; else the first reason why not.
std::string check_interventions(const std::vector<Command>& interventions) {
    for (const Command& command : interventions) {
        if (const Result<Command> checked = check_command(command); !checked)
            return checked.error().message;
        if (std::string why = unavailable(command, Domain::inference); !why.empty()) return why;
    }
    return "";
}

/// Runs `work` on the inspector; an exception becomes the result's error.
template <class R>
R guarded(const std::function<R()>& work) {
    R broken;
    try {
        return work();
    } catch (const std::exception& e) {
        broken.error = std::string("the inspector broke off: ") + e.what();
    } catch (...) {
        broken.error = "the inspector broke off: an unknown exception";
    }
    return broken;
}

}  // namespace

InspectorLoop::InspectorLoop(Board& board, std::unique_ptr<Inspector> inspector)
    : board_(board), inspector_(std::move(inspector)) {}

void InspectorLoop::request_trace(TraceRequest request) {
    {
        std::lock_guard lock(mutex_);
        trace_ = std::move(request);
        trace_waits_ = true;
    }
    board_.inspector_bell.notify();
}

void InspectorLoop::request_halting(std::string prompt, double epsilon) {
    {
        std::lock_guard lock(mutex_);
        halting_ = {std::move(prompt), epsilon};
        halting_waits_ = true;
    }
    board_.inspector_bell.notify();
}

void InspectorLoop::run() {
    while (!board_.closing) {
        const uint64_t ticket = board_.inspector_bell.ticket();
        if (board_.closing) break;
        if (!step()) follow(ticket);
    }
    try {
        inspector_.reset();
    } catch (...) {
        // Nobody is left who could be told.
    }
}

/// Answers one question; false if none waits.
bool InspectorLoop::step() {
    std::optional<TraceRequest> trace;
    std::optional<HaltingRequest> halting;
    {
        std::lock_guard lock(mutex_);
        if (trace_) {
            trace.swap(trace_);
            trace_waits_ = false;
        } else if (halting_) {
            halting.swap(halting_);
            halting_waits_ = false;
        }
    }
    if (trace) answer_trace(*trace, /*follows=*/false);
    if (halting) answer_halting(*halting);
    return trace || halting;
}

/// With a prompt open and someone looking: trace it anew once the run has gone on. Waits.
void InspectorLoop::follow(uint64_t ticket) {
    if (!open_ || !board_.trace_looked_at || refusal(board_.state(), Action::trace))
        return board_.inspector_bell.wait(ticket);
    if (Clock::now() < next_trace_) {
        board_.inspector_bell.wait_until(ticket, next_trace_);
        return;
    }
    const auto newest = board_.weights.load();
    if (newest && newest->revision > traced_revision_)
        return answer_trace(TraceRequest(*open_), /*follows=*/true);
    WeightsWanted none = WeightsWanted::no;
    if (board_.weights_wanted.compare_exchange_strong(none, WeightsWanted::soon))
        board_.trainer_bell.notify();
    board_.inspector_bell.wait(ticket);
}

/// `follows`: whatever weights are there will do.
void InspectorLoop::answer_trace(const TraceRequest& request, bool follows) {
    const auto begin = Clock::now();
    bool dropped = false;
    const auto cancelled = [&] {
        if (board_.closing || trace_waits_) dropped = true;
        return dropped;
    };
    TraceResult result;
    result.error = check_interventions(request.interventions);
    if (result.error.empty() && !follows) result.error = await_weights(cancelled);
    if (dropped) return;
    if (result.error.empty())
        result = guarded<TraceResult>([&] {
            take_newest_weights();
            return inspector_->trace(request, cancelled);
        });
    if (dropped) return;
    open_.reset();
    if (result.error.empty()) open_ = request;
    result.version = ++trace_version_;
    result.prompt = request.prompt;
    if (weights_) {
        result.step = weights_->copy->step;
        traced_revision_ = weights_->revision;
    }
    const auto end = Clock::now();
    next_trace_ =
        std::max<Clock::time_point>(begin + kTracePeriod, end + kTraceRest * (end - begin));
    board_.trace_looked_at = false;
    board_.trace.store(std::make_shared<const TraceResult>(std::move(result)));
    board_.wake();
}

void InspectorLoop::answer_halting(const HaltingRequest& request) {
    bool dropped = false;
    const auto cancelled = [&] {
        if (board_.closing || trace_waits_ || halting_waits_) dropped = true;
        return dropped;
    };
    HaltingEffect effect;
    effect.error = await_weights(cancelled);
    if (!dropped && effect.error.empty())
        effect = guarded<HaltingEffect>([&] {
            take_newest_weights();
            return inspector_->halting(request.prompt, request.epsilon, cancelled);
        });
    if (dropped) {
        // Pushed aside by a trace it is begun anew, unless a newer one has come.
        std::lock_guard lock(mutex_);
        if (!halting_) halting_ = request;
        halting_waits_ = true;
        return;
    }
    effect.version = ++halting_version_;
    effect.prompt = request.prompt;
    effect.epsilon = request.epsilon;
    if (weights_) effect.step = weights_->copy->step;
    board_.halting.store(std::make_shared<const HaltingEffect>(std::move(effect)));
    board_.wake();
}

/// Waits for weights as new as the question, for a while; "" or why there are none.
std::string InspectorLoop::await_weights(const std::function<bool()>& cancelled) {
    const uint64_t asked_at = board_.revision;
    const auto deadline = Clock::now() + kFreshWait;
    for (;;) {
        const uint64_t ticket = board_.inspector_bell.ticket();
        if (cancelled()) return "cancelled";
        if (const char* why = refusal(board_.state(), Action::trace)) return why;
        const auto newest = board_.weights.load();
        const bool fresh = newest && newest->revision >= asked_at;
        if (fresh || (newest && (Clock::now() >= deadline || board_.trainer_gone))) break;
        if (board_.trainer_gone) return "The run has no model yet.";
        board_.weights_wanted = WeightsWanted::now;
        board_.trainer_bell.notify();
        if (newest)
            board_.inspector_bell.wait_until(ticket, deadline);
        else
            board_.inspector_bell.wait(ticket);
    }
    return "";
}

void InspectorLoop::take_newest_weights() {
    const auto newest = board_.weights.load();
    if (newest == weights_) return;
    inspector_->refresh(newest->copy);
    weights_ = newest;
    const int64_t step = weights_->copy->step;
    board_.edit_status([&](RunStatus& status) { status.inspector_step = step; });
}

}  // namespace hopscope::core
