// hopscope batch: the runs of a file one after another, with a table at the end.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/cli/kind_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "app/cli/text_table.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct BatchCall {
    core::lab::BatchOptions options;
    bool json = false;
};

void describe(CLI::App& app, BatchCall& call) {
    core::lab::BatchOptions& o = call.options;
    app.add_option("--file", o.file,
                   "The runs (TOML): [[run]] with config = FILE (relative to this file), name, "
                   "seeds = [..], set = [\"table.key=value\"]; set at the top holds for all")
        ->type_name("FILE")
        ->required();
    app.add_option("--out", o.out,
                   "Folder of the batch; each run is DIR/NAME-seedS. Called again with the same "
                   "folder, it goes on where it stopped")
        ->type_name("DIR")
        ->required();
    add_set_option(app, o.overrides);
    add_optional_kind(app, "--device", o.device, "Device of all runs; default: as configured");
    add_debug_option(app, o.allow_debug);
    app.add_flag("--json", call.json, "batch.json on stdout instead of the table");
}

/// "3.21 ± 0.04", from {"mean", "std"}.
std::string with_spread(const nlohmann::json& value) {
    if (value.at("mean").is_null()) return "-";
    const std::string spread = shown(value.at("std"));
    return shown(value.at("mean")) + (spread == "-" ? "" : " ± " + spread);
}

std::string describe_batch(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    TextTable runs({"run", "state", "steps", "tokens", "valid loss", "perplexity",
                    "best perplexity", "seconds"});
    for (const auto& run : json.at("runs"))
        runs.add({run.at("run").get<std::string>(), run.at("state").get<std::string>(),
                  shown(run.at("steps")), shown(run.at("tokens")), shown(run.at("valid_loss")),
                  shown(run.at("perplexity")), shown(run.at("best_perplexity")),
                  shown(run.at("seconds"))});
    TextTable variants({"variant", "runs done", "valid loss", "perplexity", "best perplexity"});
    for (const auto& v : json.at("variants"))
        variants.add({v.at("variant").get<std::string>(), shown(v.at("n")),
                      with_spread(v.at("valid_loss")), with_spread(v.at("perplexity")),
                      with_spread(v.at("best_perplexity"))});
    return runs.text() + "\nmean ± sample standard deviation over the seeds\n" + variants.text();
}

const char* word_of(core::lab::BatchRunBegin::What what) {
    constexpr const char* kWords[] = {"", ", going on where it stopped", ", done already"};
    return kWords[what];
}

int exit_code(const nlohmann::json& batch, const BatchCall& call, const Environment& environment) {
    using core::lab::BatchState;
    const auto state = core::kind_of<BatchState>(batch.at("state").get<std::string>());
    for (const auto& run : batch.at("runs"))
        if (core::kind_of<core::RunState>(run.at("state").get<std::string>()) ==
            core::RunState::failed)
            environment.err << "failed: " << run.at("run").get<std::string>() << ": "
                            << core::printable(run.value("reason", std::string())) << std::endl;
    if (state == BatchState::interrupted) {
        environment.err << "stopped; go on with: hopscope batch --file "
                        << core::shell_word(call.options.file) << " --out "
                        << core::shell_word(call.options.out);
        for (const std::string& assignment : call.options.overrides)
            environment.err << " --set " << core::shell_word(assignment);
        environment.err << std::endl;
    }
    return state == BatchState::interrupted ? kInterrupted
           : state == BatchState::failed    ? kFailed
                                            : kDone;
}

int batch(const BatchCall& call, const Environment& environment) {
    environment.before_computing();
    environment.catch_signals();
    core::lab::BatchOptions options = call.options;
    std::unique_ptr<TrainProgress> progress;
    const auto finish = [&] {
        if (progress) progress->finish();
    };
    options.on_run = [&](const core::lab::BatchRunBegin& begin) {
        finish();
        environment.err << "run " << begin.number << " of " << begin.of << ": " << begin.run
                        << word_of(begin.what) << std::endl;
        progress = std::make_unique<TrainProgress>(environment);
    };
    options.on_status = [&](const core::RunStatus& status) { progress->status(status); };
    options.on_step = [&](const core::ScalarRecord& record, const core::RunStatus& status) {
        progress->step(record, status);
    };
    const auto result = core::lab::batch(options);
    finish();
    const int delivered = deliver(result, {call.json, ""}, environment, describe_batch);
    if (!result || delivered != kDone) return delivered;
    return exit_code(nlohmann::json::parse(*result), call, environment);
}

}  // namespace

void add_batch(CLI::App& root, Work& work) {
    declare<BatchCall>(root, "batch", "Trains configurations × seeds one after another",
                       "hopscope batch --file configs/batches/order.toml --out runs/order", work,
                       describe, batch);
}

}  // namespace hopscope::app
