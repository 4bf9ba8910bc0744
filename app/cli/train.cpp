// hopscope train: a run without a window, with progress on stderr.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/cli/kind_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/command_registry.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct TrainCall {
    core::lab::TrainOptions options;
    std::string script;
    bool json = false;
};

void describe(CLI::App& app, TrainCall& call) {
    core::lab::TrainOptions& o = call.options;
    app.add_option("--config", o.config_path, "Configuration (TOML)")->type_name("FILE");
    app.add_option("--out", o.out, "Run folder; default: runs/CONFIG-YYYYMMDD-HHMMSS")
        ->type_name("DIR");
    add_set_option(app, o.overrides);
    add_optional_kind(app, "--device", o.device, "Device; default: as configured");
    app.add_flag("--resume", o.resume,
                 "Goes on from the newest complete checkpoint of --out; may change only device, "
                 "threads, eval_*, checkpoint_* and steps");
    add_debug_option(app, o.allow_debug);
    app.add_option("--script", call.script,
                   "Commands for the run, one JSON object a line, each before the update that its "
                   "\"from_step\" names; events.jsonl of another run replays it. Pause, resume, "
                   "step and stop are left out")
        ->type_name("FILE");
    app.add_flag("--json", call.json, "The finished run.json on stdout");
}

core::Status check(const core::lab::TrainOptions& o) {
    if (o.resume && o.out.empty())
        return core::usage_error("--resume: name the run folder with --out DIR");
    if (!o.resume && o.config_path.empty())
        return core::usage_error(
            "--config is missing; allowed: a TOML file, e.g. --config configs/first_look.toml");
    return {};
}

/// ", peak memory 512 MiB" from the finished run.json, if it tells.
std::string peak_text(const std::string& run_json) {
    const auto json = nlohmann::json::parse(run_json, nullptr, /*allow_exceptions=*/false);
    const auto peak = json.is_object() ? json.value("peak_memory_bytes", 0.0) : 0.0;
    char text[48];
    std::snprintf(text, sizeof text, ", peak memory %.0f MiB", peak / 1048576);
    return peak > 0 ? text : "";
}

int train(const TrainCall& call, const Environment& environment) {
    if (auto checked = check(call.options); !checked) return report(checked.error(), environment);
    environment.before_computing();
    environment.catch_signals();
    core::lab::TrainOptions options = call.options;
    if (!call.script.empty()) {
        auto script = read_script(call.script, core::Domain::live);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    TrainProgress progress(environment);
    options.on_status = [&](const core::RunStatus& status) { progress.status(status); };
    options.on_step = [&](const core::ScalarRecord& record, const core::RunStatus& status) {
        progress.step(record, status);
    };
    const auto result = core::lab::train(options);
    progress.finish();
    const core::RunStatus& last = progress.last_status();
    if (!result) {
        const int code = report(result.error(), environment);
        tell_resume(result.error(), options.resume, "train", options.out, "run", environment);
        if (code == kInterrupted && !last.run_dir.empty())
            environment.err << "Go on with: hopscope train --resume --out "
                            << core::shell_word(last.run_dir) << std::endl;
        return code;
    }
    environment.err << "done: " << last.step << " steps";
    if (std::isfinite(last.valid_loss)) {
        char text[48];
        std::snprintf(text, sizeof text, ", validation loss %.4f", last.valid_loss);
        environment.err << text;
    }
    environment.err << peak_text(*result) << ", " << core::shown_path(last.run_dir) << std::endl;
    return call.json ? deliver_text(result, {}, environment) : kDone;
}

}  // namespace

void add_train(CLI::App& root, Work& work) {
    declare<TrainCall>(root, "train", "Trains without a window",
                       "hopscope train --config configs/first_look.toml --out runs/first "
                       "--set train.steps=500",
                       work, describe, train);
}

}  // namespace hopscope::app
