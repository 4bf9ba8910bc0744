#include "app/laboratory.h"

#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {

Services services_of_the_laboratory(bool allow_debug) {
    Services services;
    services.open_session = [allow = allow_debug](core::SessionOptions session) {
        session.allow_debug = allow;
        return core::Session::open(std::move(session));
    };
    services.run_of_model = run_of_model;
    services.watch_runs = core::RunWatch::open;
    const std::vector<std::string> words = *category_dirs("");
    services.word_lists = [words](const std::string& run) {
        return core::lab::word_lists(run, words);
    };
    services.passages = core::lab::passages;
    services.kept_snapshots = core::lab::kept_snapshots;
    services.read_kept_snapshot = core::lab::read_kept_snapshot;
    services.token_sample = core::lab::token_sample;
    services.find_phases = core::lab::loss_phases;
    services.look_at_run = core::lab::look_at_run;
    services.copy_run = [](const std::string& run) { return core::lab::copy_run(run); };
    services.runs_at = core::lab::runs_at;
    services.compare_runs = core::lab::compare_runs;
    services.run_numbers = core::lab::run_numbers;
    services.line_through = core::lab::line_through;
    services.match_experts = core::lab::match_experts;
    services.model_sheet = core::lab::model_sheet;
    services.measure_halting = [words](const std::string& run, const core::HaltingPlan& plan,
                                       const core::Progress& progress) {
        core::lab::HaltingOptions halting;
        halting.runs = {run};
        halting.epsilons = plan.epsilons;
        halting.batches = plan.batches;
        halting.repeats = plan.repeats;
        halting.controls = plan.controls;
        halting.category_dirs = words;
        return core::lab::halting_table(halting, progress);
    };
    services.analysis_definitions = core::lab::analysis_definitions;
    services.analysis_refusals = core::lab::analysis_refusals;
    services.analyze = [words](const std::string& run, const std::string& name,
                               const std::string& against, const core::Progress& progress) {
        core::lab::AnalyzeOptions analysis;
        analysis.run = run;
        analysis.against = against;
        analysis.what = name;
        analysis.category_dirs = words;
        analysis.out = run + "/analysis";
        analysis.on_progress = progress.report;
        analysis.cancelled = progress.cancelled;
        analysis.background = true;
        return core::lab::analyze(analysis);
    };
    return services;
}

}  // namespace hopscope::app
