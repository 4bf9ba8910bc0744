#include "core/session/inspector_loop.h"

#include <algorithm>
#include <exception>

#include "core/api/command_registry.h"

namespace hopscope::core {
namespace {

/// An open prompt is traced anew at most four times a second, and takes at most a fifth of a core.
constexpr std::chrono::milliseconds kTracePeriod{250};
constexpr int kTraceRest = 4;
/// How long a question waits for weights of this very step before older ones must do.
constexpr std::chrono::milliseconds kFreshWait{250};
/// A growing answer is shown at most so often.
constexpr std::chrono::milliseconds kShowPeriod{100};
constexpr const char* kNoInspector = "This session has no inspector.";

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
    : board_(board), has_inspector_(inspector != nullptr), inspector_(std::move(inspector)) {}

template <class Q>
void InspectorLoop::put(Waiting<Q>& place, Q question) {
    {
        std::lock_guard lock(mutex_);
        place.question = std::move(question);
        place.is_there = true;
    }
    board_.inspector_bell.notify();
}

template <class Q>
bool InspectorLoop::take(Waiting<Q>& place, std::optional<Q>& out) {
    std::lock_guard lock(mutex_);
    out.swap(place.question);
    place.is_there = false;
    return out.has_value();
}

/// What was pushed aside is begun anew, unless a newer one has come.
template <class Q>
void InspectorLoop::put_back(Waiting<Q>& place, const Q& question) {
    std::lock_guard lock(mutex_);
    if (!place.question) place.question = question;
    place.is_there = true;
}

void InspectorLoop::request_trace(TraceRequest request) {
    if (has_inspector_) return put(trace_, std::move(request));
    TraceResult none;
    none.prompt = request.prompt;
    none.error = kNoInspector;
    board_.trace.store(std::make_shared<const TraceResult>(std::move(none)));
}

void InspectorLoop::request_halting(std::string prompt, double epsilon) {
    if (has_inspector_) return put(halting_, HaltingRequest{std::move(prompt), epsilon});
    HaltingEffect none;
    none.prompt = std::move(prompt);
    none.epsilon = epsilon;
    none.error = kNoInspector;
    board_.halting.store(std::make_shared<const HaltingEffect>(std::move(none)));
}

void InspectorLoop::request_intervention(InterventionRequest request) {
    if (has_inspector_) return put(intervention_, std::move(request));
    InterventionEffect none;
    none.error = kNoInspector;
    none.request = std::move(request);
    board_.intervention.store(std::make_shared<const InterventionEffect>(std::move(none)));
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
    std::optional<InterventionRequest> intervention;
    std::optional<HaltingRequest> halting;
    if (take(trace_, trace)) {
        answer_trace(*trace, /*follows=*/false);
    } else if (take(intervention_, intervention)) {
        answer_intervention(*intervention);
    } else if (take(halting_, halting)) {
        answer_halting(*halting);
    } else {
        return false;
    }
    return true;
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
        if (board_.closing || trace_.is_there) dropped = true;
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
    if (result.error.empty() && !request.second.empty() && !dropped)
        result.second = std::make_shared<const TraceResult>(second_trace(request, cancelled));
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

/// On the weights that the first prompt of the request was traced on.
TraceResult InspectorLoop::second_trace(const TraceRequest& request,
                                        const std::function<bool()>& cancelled) {
    const TraceRequest alone = {request.second, request.interventions};
    auto out = guarded<TraceResult>([&] { return inspector_->trace(alone, cancelled); });
    out.prompt = request.second;
    if (weights_) out.step = weights_->copy->step;
    return out;
}

/// The answer to a question on the newest weights; without them its error says why.
template <class R>
R InspectorLoop::measure(const std::function<bool()>& cancelled, const std::function<R()>& ask) {
    R none;
    none.error = await_weights(cancelled);
    if (!none.error.empty()) return none;
    return guarded<R>([&] {
        take_newest_weights();
        return ask();
    });
}

void InspectorLoop::answer_halting(const HaltingRequest& request) {
    bool dropped = false;
    const auto cancelled = [&] {
        if (board_.closing || trace_.is_there || intervention_.is_there || halting_.is_there)
            dropped = true;
        return dropped;
    };
    auto effect = measure<HaltingEffect>(
        cancelled, [&] { return inspector_->halting(request.prompt, request.epsilon, cancelled); });
    if (dropped) return put_back(halting_, request);
    effect.version = ++halting_version_;
    effect.prompt = request.prompt;
    effect.epsilon = request.epsilon;
    if (weights_) effect.step = weights_->copy->step;
    board_.halting.store(std::make_shared<const HaltingEffect>(std::move(effect)));
    board_.wake();
}

void InspectorLoop::answer_intervention(const InterventionRequest& request) {
    bool dropped = false;
    const auto cancelled = [&] {
        if (board_.closing || trace_.is_there || intervention_.is_there) dropped = true;
        return dropped;
    };
    Clock::time_point next_show{};
    const auto publish = [&](const InterventionEffect& so_far) {
        if (Clock::now() < next_show || cancelled()) return;
        next_show = Clock::now() + kShowPeriod;
        show(so_far, request);
    };
    InterventionEffect effect;
    effect.error = check_interventions(request.script);
    if (effect.error.empty())
        effect = measure<InterventionEffect>(
            cancelled, [&] { return inspector_->intervene(request, cancelled, publish); });
    if (dropped) return put_back(intervention_, request);
    show(std::move(effect), request);
}

void InspectorLoop::show(InterventionEffect effect, const InterventionRequest& request) {
    effect.version = ++intervention_version_;
    effect.request = request;
    if (weights_) effect.step = weights_->copy->step;
    board_.intervention.store(std::make_shared<const InterventionEffect>(std::move(effect)));
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
