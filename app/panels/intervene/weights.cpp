#include "app/panels/intervene/weights.h"

#include "app/widgets/format.h"

namespace hopscope::app {

std::string weights_of(const AppState& state, int64_t step) {
    std::string text = "weights of step " + with_thousands(step);
    if (state.status.step > step) text += " (run is at " + with_thousands(state.status.step) + ")";
    return text;
}

std::string other_weights(const AppState& state, Inspected here) {
    const auto& trace = state.trace;
    const auto& effect = state.effect;
    if (!trace || !trace->error.empty() || trace->tokens.empty()) return {};
    if (!effect || !effect->error.empty() || effect->step == trace->step) return {};
    // An effect of rows that act no more is shown nowhere.
    const auto script = state.prompt_script();
    if (script.empty() || effect->request.script != script) return {};
    const auto step = [](int64_t number) { return "step " + with_thousands(number); };
    if (here == Inspected::trace)
        return "Not the weights of Intervene: these are of " + step(trace->step) +
               ", its effect is of " + step(effect->step) + " until it is measured again.";
    return "Not the weights of Trajectory: this effect is of " + step(effect->step) +
           " until it is measured again, the trace is of " + step(trace->step) + ".";
}

}  // namespace hopscope::app
