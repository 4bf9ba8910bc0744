// hopscope export: a panel as a picture or as numbers, or the whole window as a picture, drawn
// without a display; or the model as a folder that others read.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "app/cli/subcommand.h"
#include "core/api/files.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct ExportCall {
    ExportOptions options;
    std::optional<std::string> text;
    std::string script;
    std::vector<std::string> view;
    std::optional<core::lab::ModelForm> as;
    std::string out;                ///< of `as`
    const CLI::App* app = nullptr;  ///< which options were given

    bool has(const char* option) const { return app->get_option(option)->count() > 0; }
};

/// What a call of --as may have; all else is of pictures.
constexpr const char* kWithAs[] = {"RUN", "DIR", "--as", "--step", "--json", "--help"};

void describe(CLI::App& app, ExportCall& call) {
    ExportOptions& o = call.options;
    call.app = &app;
    app.add_option("RUN", o.run, "Run folder; it is only read, also while it is being trained")
        ->required();
    app.add_option("DIR", call.out, "With --as: the new folder");
    app.add_option("--panel", o.panel,
                   "Its name: run, routing_space, curves, statistics, trajectory, intervene, …");
    app.add_option(
        "--layout", o.layout,
        "Instead: the whole window in this layout, train, inspect, intervene or compare");
    app.add_option("--front", o.front,
                   "With --layout: panels that stand before others in their place of it")
        ->type_name("PANEL");
    add_optional_kind(app, "--as", call.as,
                      "Instead: the model of a checkpoint as a folder that others open; "
                      "AutoModelForCausalLM.from_pretrained(DIR, trust_remote_code=True)");
    add_optional_number(app, "--step", o.step, {0, 1e15},
                        "Shows the newest kept snapshot up to this step; with --as: the checkpoint "
                        "of this step; default: the newest");
    app.add_option("--png", o.png, "Writes the picture")->type_name("FILE");
    app.add_option("--csv", o.csv, "Writes the numbers that the panel shows")->type_name("FILE");
    app.add_option("--json", o.json,
                   "Writes the same numbers as JSON; with --as: what was written, without FILE to "
                   "stdout")
        ->type_name("FILE")
        ->expected(0, 1);
    add_number(app, "--width", o.width, {320, 8192}, "Of the picture, before --scale");
    add_number(app, "--height", o.height, {240, 8192}, "Of the picture, before --scale");
    add_number(app, "--scale", o.scale, {0.5, 4}, "Of all that is in it: 2 doubles its pixels");
    app.add_flag("--light", o.light, "The light theme");
    app.add_option("--text", call.text, "The prompt of trajectory and intervene");
    add_script_option(app, call.script);
    app.add_option("--beside", o.beside,
                   "Runs, races or folders of runs that stand beside it, for the panels that "
                   "compare: sweep, differences, …")
        ->type_name("PATH");
    app.add_option("--view", call.view,
                   "How the panel is set, by the names of its session file: x=moe.top_k; with "
                   "--layout PANEL.NAME=VALUE")
        ->type_name("NAME=VALUE");
}

/// Whether two files that may not be there yet are one.
bool is_same_place(const std::string& a, const std::string& b) {
    std::error_code code;
    const auto place = [&](const std::string& path) {
        return std::filesystem::weakly_canonical(std::filesystem::absolute(path, code), code);
    };
    const auto first = place(a), second = place(b);
    return !first.empty() && first == second;
}

core::Status check_files(const ExportOptions& o) {
    struct File {
        const char* option;
        const std::string& path;
    };
    const File all[] = {{"--png", o.png}, {"--csv", o.csv}, {"--json", o.json}};
    std::vector<File> wanted;
    for (const File& file : all) {
        if (file.path.empty()) continue;
        if (auto place = check_place(file.option, core::check_output(file.path)); !place)
            return place;
        for (const File& other : wanted)
            if (is_same_place(other.path, file.path))
                return core::usage_error(std::string(file.option) + ": found " +
                                         core::shown_path(file.path) + ", where " + other.option +
                                         " writes; give each a file of its own");
        wanted.push_back(file);
    }
    if (!wanted.empty()) return {};
    return core::usage_error(
        "nothing is asked for; name a file for the picture (--png FILE), for the numbers (--csv "
        "FILE, --json FILE), or several");
}

core::Status check(const ExportCall& call) {
    const ExportOptions& o = call.options;
    if (call.text && core::without_mark(*call.text).empty())
        return core::usage_error("--text: the prompt is empty; give at least one character");
    if (o.panel.empty() == o.layout.empty())
        return core::usage_error(
            std::string(o.panel.empty() ? "neither --panel nor --layout is given"
                                        : "both --panel and --layout are given") +
            "; name a panel (--panel curves), the layout of the whole window (--layout train) or, "
            "for the model itself, a form (--as transformers DIR)");
    if (!call.out.empty())
        return core::usage_error("found " + core::in_quotes(call.out) +
                                 " behind the run, which only --as takes; pictures and numbers go "
                                 "to --png, --csv and --json");
    if (call.has("--json") && o.json.empty())
        return core::usage_error("--json: its file is missing; name one for the numbers");
    if (!o.front.empty() && o.layout.empty())
        return core::usage_error(
            "--front: a panel alone stands before no other; it goes with "
            "--layout");
    if (auto files = check_files(o); !files) return files;
    if (!o.layout.empty() && (!o.csv.empty() || !o.json.empty()))
        return core::usage_error(std::string(o.csv.empty() ? "--json" : "--csv") +
                                 ": a whole window has no table; name one of its panels (--panel) "
                                 "for numbers");
    for (const std::string& one : call.view)
        if (one.find('=') == std::string::npos || one.front() == '=')
            return core::usage_error("--view: found " + core::in_quotes(one) +
                                     "; write NAME=VALUE, e.g. x=moe.top_k");
    std::error_code code;
    if (std::filesystem::exists(o.run + "/race.json", code) &&
        !std::filesystem::exists(o.run + "/config.toml", code))
        return core::usage_error(core::shown_path(o.run) +
                                 ": found a race; name the folder of one of its lanes, below it");
    return {};
}

core::Status check_model(const ExportCall& call) {
    for (const CLI::Option* option : call.app->get_options()) {
        const std::string name = option->get_name(/*positional=*/option->get_positional());
        const bool fits =
            std::find(std::begin(kWithAs), std::end(kWithAs), name) != std::end(kWithAs);
        if (option->count() > 0 && !fits)
            return core::usage_error("both --as and " + name +
                                     " are given; --as writes the model, " + name +
                                     " belongs to pictures and numbers: give them in two calls");
    }
    if (call.out.empty())
        return core::usage_error("--as " + core::word(*call.as) +
                                 ": the folder to write is missing; give it behind the "
                                 "run, before --json (hopscope export RUN --as transformers DIR)");
    return {};
}

std::string describe_model(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    return "wrote " + core::shown_path(json.at("out").get<std::string>()) + ": step " +
           shown(json.at("step")) + ", " + core::in_thousands(shown(json.at("parameters"))) +
           " parameters, " + std::to_string(json.at("files").size()) + " files\n";
}

int export_model(const ExportCall& call, const Environment& environment) {
    if (auto checked = check_model(call); !checked) return report(checked.error(), environment);
    const Output output{.json = call.has("--json"), .file = call.options.json};
    if (auto place = check_place("--json", check(output)); !place)
        return report(place.error(), environment);
    environment.catch_signals();
    return deliver(
        core::lab::export_model({call.options.run, *call.as, call.out, call.options.step}), output,
        environment, describe_model);
}

int export_panel(const ExportCall& call, const Environment& environment) {
    if (call.as) return export_model(call, environment);
    ExportOptions options = call.options;
    if (auto checked = check(call); !checked) return report(checked.error(), environment);
    if (!environment.export_panel)
        return report(
            core::usage_error(
                "this build has no window, so it draws no panels; hopscope analyze " +
                core::shown_path(options.run) +
                " --out DIR writes the numbers of its analyses as CSV, and metrics.csv in "
                "the run folder holds the curves"),
            environment);
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    if (call.text) options.prompt = core::without_mark(*call.text);
    for (const std::string& one : call.view) {
        const size_t equals = one.find('=');
        options.view.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    }
    environment.before_computing();
    environment.catch_signals();
    if (auto done = environment.export_panel(options); !done)
        return report(done.error(), environment);
    return kDone;
}

}  // namespace

void add_export(CLI::App& root, Work& work) {
    declare<ExportCall>(
        root, "export",
        "A panel as a picture or as numbers, or the whole window, without a display; or the model "
        "for transformers",
        "hopscope export runs/first --panel routing_space --png space.png --scale 2", work,
        describe, export_panel);
}

}  // namespace hopscope::app
