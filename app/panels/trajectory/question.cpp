#include "app/panels/trajectory/question.h"

#include "app/panels/trajectory/view.h"
#include "app/widgets/format.h"
#include "core/api/freeze_parts.h"

namespace hopscope::app {
namespace {

/// A dragged slider asks at most this often, seconds.
constexpr double kAskEvery = 0.12;

}  // namespace

std::vector<core::Command> TraceQuestion::interventions(const AppState& state) const {
    std::vector<core::Command> out;
    if (freeze) out.push_back(core::freeze_command(core::FreezePart::routing));
    if (const double epsilon = epsilon_at(state.halt_position); epsilon > 0)
        out.push_back({core::CommandKind::halt, {{"epsilon", epsilon}}});
    const auto stack = state.prompt_script();
    out.insert(out.end(), stack.begin(), stack.end());
    return out;
}

std::string TraceQuestion::in_words(const AppState& state) const {
    const double epsilon = epsilon_at(state.halt_position);
    std::string own;
    if (freeze) own = "routing frozen at hop 0";
    if (epsilon > 0)
        own += (own.empty() ? "" : "; ") + ("halting below \xCE\xB5 = " + significant(epsilon, 2));
    return own;
}

void TraceQuestion::ask(AppState& state) {
    if (!state.session || state.prompt.empty()) return;
    core::TraceRequest request;
    request.prompt = state.prompt;
    request.interventions = sent_ = interventions(state);
    request.second = state.second.asked();
    state.session->request_trace(std::move(request));
    if (const double epsilon = epsilon_at(state.halt_position); epsilon > 0)
        state.session->request_halting(state.prompt, epsilon);
    asked_ = state.prompt;
    asked_at_ = state.now;
    asked_version_ = state.trace ? state.trace->version : 0;
    waiting_ = false;
    sent_at_ = state.now;
    state.keep_drawing();
}

void TraceQuestion::update(AppState& state) {
    if (asked_at_ >= 0 && state.trace && state.trace->version != asked_version_) asked_at_ = -1;
    if (was_asked() && interventions(state) != sent_) waiting_ = true;
    if (!waiting_) return;
    if (state.now - sent_at_ < kAskEvery) return state.keep_drawing(2);
    ask(state);
}

void TraceQuestion::clear(AppState& state) {
    freeze = false;
    state.halt_position = 0;
    state.stack.all_off();
    if (was_asked()) ask(state);
}

}  // namespace hopscope::app
