#include "app/state/analysis_call.h"

#include "app/state/actions.h"

namespace hopscope::app {

std::string no_analysis(const AppState& state, bool has_checkpoint) {
    if (!state.services.analyze) return "This window has no laboratory.";
    if (!state.session) return no_run(state);
    if (state.status.run_dir.empty()) return "The run has no folder yet.";
    if (state.status.read_only)
        return "Analyses are kept in the folder of the run, and this one is only looked at: train "
               "a copy of it.";
    if (!has_checkpoint && !state.is_imported())
        return "The run has no checkpoint yet, and an analysis reads the newest one: press "
               "Checkpoint in the panel Run.";
    return {};
}

uint64_t start_analysis(AppState& state, const std::string& name, const std::string& against) {
    const uint64_t id = state.task_runner().start(
        name,
        [analyze = state.services.analyze, run = state.status.run_dir, against,
         name](const core::Progress& progress) { return analyze(run, name, against, progress); });
    state.keep_drawing();
    return id;
}

}  // namespace hopscope::app
