#include "app/panels/panel.h"

#include "app/panels/numbers_json.h"
#include "app/widgets/export.h"

namespace hopscope::app {

Origin Panel::origin(const AppState& state) const {
    const bool sampled = state.sample.shown();
    const bool of_the_past = follows_time() && state.rests() && state.geometry;
    const int64_t step = of_the_past ? state.geometry->step : state.status.step;
    Origin out = origin_of(state, step, step);
    if (of_the_past && sampled && !out.words.empty())
        out.words +=
            ", a sample of " + std::to_string(state.geometry->token_ids.size()) + " tokens";
    return out;
}

std::function<std::string()> Panel::csv_later(AppState& state) {
    return [text = csv(state)] { return text; };
}

std::function<std::string()> Panel::numbers_later(AppState& state) {
    return [head = std::string("# ") + title() + " ", from = origin(state).words,
            csv = csv_later(state)] {
        const std::string text = csv();
        return text.empty() || from.empty() ? text : head + from + "\n" + text;
    };
}

std::function<std::string()> Panel::json_later(AppState& state, std::string_view id) {
    return [id = std::string(id), name = title(), run = state.status.run_name, from = origin(state),
            csv = csv_later(state)] {
        return json_of({id, name, run, from.words, from.first, from.last}, csv());
    };
}

}  // namespace hopscope::app
