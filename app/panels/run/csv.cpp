#include "app/panels/run/csv.h"

#include <cmath>

#include "app/widgets/export.h"
#include "core/api/base.h"

namespace hopscope::app {

namespace {

/// Nothing of its configuration but sizes is known.
std::string imported_csv(const AppState& state) {
    std::string out = "# Run " + origin_of(state, 0, 0).words + ", imported\nquantity,value,unit\n";
    if (!state.imported) return out;
    const core::ImportedLook& look = *state.imported;
    const auto add = [&](const char* name, const std::string& value) {
        out += std::string(name) + "," + core::csv_text(value) + ",\n";
    };
    add("family", look.family);
    add("model_type", look.model_type);
    add("rule", look.rule);
    add("hidden_layers", std::to_string(look.hidden_layers));
    add("routers", std::to_string(look.routers.size()));
    for (const core::ImportedTrace& trace : look.traces)
        add("trace", trace.name + ", " + std::to_string(trace.tokens) + " tokens");
    return out;
}

}  // namespace

std::string run_csv(const AppState& state, double tokens_per_s, double seconds_left,
                    const TimeSplit& split) {
    if (!state.session) return {};
    const core::RunStatus& status = state.status;
    if (state.is_imported()) return imported_csv(state);
    const History& history = state.history;
    std::string out = "# Run " + origin_of(state, status.step, status.step).words + ", " +
                      core::word(status.state) + "\n" + "quantity,value,unit\n";
    const auto add = [&](const std::string& name, double value, const char* unit) {
        out += core::csv_field(name) + "," + core::csv_number(value) + "," + unit + "\n";
    };
    const auto last = [](const std::vector<double>& column) {
        return column.empty() ? std::nan("") : column.back();
    };
    const double valid = history.valid_loss.empty() ? static_cast<double>(status.valid_loss)
                                                    : history.valid_loss.back();
    add("step", static_cast<double>(status.step), "updates");
    add("steps", static_cast<double>(status.steps), "updates");
    add("tokens", last(history.tokens), "tokens");
    add("tokens_per_s", tokens_per_s, "tokens/s");
    add("loss", last(history.loss), "nats");
    add("valid_loss", valid, "nats");
    add("valid_perplexity", std::exp(valid), "1");
    add("trained_for", last(history.seconds), "s");
    add("time_left", seconds_left, "s");
    if (split.updates > 0) {
        add("update", split.update_ms, "ms");
        for (const TimePart& part : split.parts) add(part.name, part.ms, "ms");
        add("publishing", split.publish_ms, "ms");
    }
    for (const core::LiveSetting& setting : sliders())
        add(setting.key,
            setting_value(state.session->config(), state.answers, setting.value.name).value, "1");
    return out;
}

}  // namespace hopscope::app
