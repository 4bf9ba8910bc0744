#include "app/state/number.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

using Json = nlohmann::ordered_json;

bool has_interval(const Number& number) {
    return std::isfinite(number.low) && std::isfinite(number.high);
}

Json number_or_null(double value) {
    if (!std::isfinite(value)) return nullptr;
    // Counts are written as counts: 1240, not 1240.0.
    constexpr double kWhole = 9007199254740992.0;
    if (std::floor(value) == value && std::fabs(value) < kWhole) return static_cast<int64_t>(value);
    return value;
}

}  // namespace

std::string exact(double value) {
    char text[40];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string json_of(const Number& number, std::string_view panel, const std::string& run,
                    int64_t step_of_run) {
    Json out;
    out["format"] = "hopscope.number/1";
    out["name"] = number.label;
    out["value"] = number_or_null(number.value);
    if (!number.shown.empty()) out["shown"] = number.shown;
    if (has_interval(number)) out["ci95"] = {number.low, number.high};
    if (number.n >= 0) out["n"] = number.n;
    if (!number.over.empty()) out["over"] = number.over;
    if (!number.definition.empty()) out["definition"] = number.definition;
    if (!panel.empty()) out["panel"] = panel;
    if (!run.empty()) out["run"] = run;
    if (const int64_t step = number.step >= 0 ? number.step : step_of_run; step >= 0)
        out["step"] = step;
    if (!number.command.empty()) out["command"] = number.command;
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string shell_word(const std::string& text) {
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || c >= 0x80 ||
               std::string_view("/._-+=:,").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string run_command(const AppState& state, std::string_view verb, std::string_view rest) {
    if (state.status.run_dir.empty()) return {};
    std::string out = "hopscope ";
    out.append(verb).append(" ").append(shell_word(state.status.run_dir));
    if (!rest.empty()) out.append(" ").append(rest);
    return out;
}

bool is_of_sample(const AppState& state, int64_t step) {
    return state.sample.shown() && state.geometry && step == state.geometry->step;
}

std::string analysis_command(const AppState& state, std::string_view analysis) {
    return run_command(state, "analyze", "--what " + std::string(analysis) + " --json");
}

std::string panel_command(const AppState& state, std::string_view panel, int64_t step) {
    if (is_of_sample(state, step)) return {};
    std::string rest = "--panel " + std::string(panel);
    // An imported model has one state, which no step names.
    if (step >= 0 && !state.is_imported()) rest += " --step " + std::to_string(step);
    return run_command(state, "export", rest + " --csv " + std::string(panel) + ".csv");
}

}  // namespace hopscope::app
