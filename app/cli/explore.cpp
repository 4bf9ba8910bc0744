// hopscope [explore]: checks what can be checked before the window opens.
#include <filesystem>

#include "app/cli/subcommand.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

void describe(CLI::App& app, ExploreOptions& o) {
    app.add_option(
        "RUN", o.runs,
        "Run folders to open, also while they are being written; the first is inspected, "
        "all are curves; or one session file, saved by the window");
    app.add_flag("--example", o.example,
                 "Opens the trained example that comes with the program, to be looked at");
    app.add_option("--config", o.config, "Configuration of a new run; default: first_look")
        ->type_name("FILE");
    add_set_option(app, o.overrides);
    add_debug_option(app, o.allow_debug);
    app.add_flag("--start", o.start, "Begins training at once");
    app.add_option("--record", o.record,
                   "Writes each event of mouse and keyboard into a new file, to be done again")
        ->type_name("FILE");
    app.add_option("--replay", o.replay, "Does again what was recorded; then the window is yours")
        ->type_name("FILE");
}

core::Status check(const ExploreOptions& o) {
    for (const std::string& run : o.runs) {
        std::error_code code;
        // A session file names its run itself; what it holds is read when it is opened.
        if (o.runs.size() == 1 && std::filesystem::is_regular_file(run, code) &&
            run.ends_with(".json"))
            continue;
        if (!std::filesystem::is_directory(run, code))
            return core::usage_error(
                core::shown_path(run) +
                (run.ends_with(".gguf") ? ": is GGUF, which is not supported; give the folder of "
                                          "a model: config.json and safetensors"
                                        : ": found no run folder; a run is made by hopscope train "
                                          "or by the window"));
        const auto holds = [&](const char* name) {
            return std::filesystem::exists(run + "/" + name, code);
        };
        if (!holds("config.toml") && !holds("race.json") && !holds("imported.json"))
            return core::usage_error(core::shown_path(run) +
                                     ": found no config.toml in it, so it is no run folder");
    }
    if (o.example && (!o.runs.empty() || !o.config.empty()))
        return core::usage_error(
            "--example opens a run of its own: leave out the run folders and --config");
    if (!o.overrides.empty() && o.config.empty() && !o.runs.empty())
        return core::usage_error(
            "--set changes a new run's configuration, not that of a run folder");
    if (!o.config.empty())
        if (auto config = core::lab::read_training_config(o.config, o.overrides, o.allow_debug);
            !config)
            return config.error();
    return {};
}

int explore(const ExploreOptions& given, const Environment& environment) {
    ExploreOptions o = given;
    if (!environment.explore)
        return report(
            core::usage_error("this build has no window; train without one: hopscope train "
                              "--config configs/first_look.toml"),
            environment);
    for (std::string& run : o.runs) {
        auto folder = run_of_model(run);
        if (!folder) return report(folder.error(), environment);
        run = *std::move(folder);
    }
    if (auto checked = check(o); !checked) return report(checked.error(), environment);
    environment.before_computing();
    environment.catch_signals();
    return environment.explore(o);
}

}  // namespace

void add_explore(CLI::App& root, Work& work) {
    declare<ExploreOptions>(root, "explore", "Opens the window (the default)",
                            "hopscope explore runs/first --config configs/first_look.toml --start",
                            work, describe, explore);
}

}  // namespace hopscope::app
