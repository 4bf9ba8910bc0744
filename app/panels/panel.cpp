#include "app/panels/panel.h"

#include "app/panels/numbers_json.h"
#include "app/widgets/export.h"

namespace hopscope::app {

Origin Panel::origin(const AppState& state) const {
    const bool sampled = state.sample.shown();
    const bool of_the_past = follows_time() && (!state.time.live() || sampled) && state.geometry;
    const int64_t step = of_the_past ? state.geometry->step : state.status.step;
    Origin out = origin_of(state, step, step);
    if (of_the_past && sampled && !out.words.empty())
        out.words +=
            ", a sample of " + std::to_string(state.geometry->token_ids.size()) + " tokens";
    return out;
}

std::string Panel::numbers(AppState& state) {
    std::string text = csv(state);
    const std::string from = origin(state).words;
    if (text.empty() || from.empty()) return text;
    return std::string("# ") + title() + " " + from + "\n" + text;
}

std::string Panel::json(AppState& state, std::string_view id) {
    const Origin from = origin(state);
    return json_of({id, title(), state.status.run_name, from.words, from.first, from.last},
                   csv(state));
}

}  // namespace hopscope::app
