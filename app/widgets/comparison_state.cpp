#include "app/widgets/comparison_state.h"

#include <algorithm>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// Of the first run that is left out.
std::string reason_of(const core::Comparison& comparison) {
    for (const core::ComparedRun& run : comparison.runs) {
        if (!run.problem.empty()) return run.problem;
        if (!run.left_out.empty()) return run.name + ": " + run.left_out;
    }
    return "Add a run of another configuration in Compared runs.";
}

}  // namespace

bool empty_without_differences(const AppState& state, const char* what) {
    const auto& result = state.comparison.result();
    if (result && !result->differences.empty()) return false;
    if (empty_without_run(state)) return true;
    if (!result && state.comparison.working()) {
        empty_state(state, "Reading the runs", what);
        return true;
    }
    const std::string text = std::string(what) + " " +
                             (result && result->runs.size() > 1
                                  ? reason_of(*result)
                                  : "Add a run of another configuration in Compared runs.");
    empty_state(state, "No two variants are compared yet", text.c_str());
    return true;
}

void ask_for_runs(AppState& state) {
    state.show_panel = "compared_runs";
    state.compared.asked = true;
    state.keep_drawing();
}

}  // namespace hopscope::app
