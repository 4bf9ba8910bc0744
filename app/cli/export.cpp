// hopscope export: a panel of the window as a picture or as numbers, drawn without a display.
#include <cmath>
#include <filesystem>
#include <optional>
#include <ostream>
#include <utility>

#include "app/cli/number_options.h"
#include "app/cli/subcommand.h"
#include "core/api/files.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct ExportCall {
    ExportOptions options;
    std::optional<std::string> text;
    std::string script;
};

void describe(CLI::App& app, ExportCall& call) {
    ExportOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder; it is only read, also while it is being trained")
        ->required();
    app.add_option("--panel", o.panel,
                   "Its name: run, routing_space, curves, statistics, trajectory, intervene, …")
        ->required();
    add_optional_number(app, "--step", o.step, {0, 1e15},
                        "Shows the newest kept snapshot up to this step; default: the newest");
    app.add_option("--png", o.png, "Writes the picture")->type_name("FILE");
    app.add_option("--csv", o.csv, "Writes the numbers that the panel shows")->type_name("FILE");
    add_number(app, "--width", o.width, {320, 8192}, "Of the picture, before --scale");
    add_number(app, "--height", o.height, {240, 8192}, "Of the picture, before --scale");
    add_number(app, "--scale", o.scale, {0.5, 4}, "Of all that is in it: 2 doubles its pixels");
    app.add_flag("--light", o.light, "The light theme");
    app.add_option("--text", call.text, "The prompt of trajectory and intervene");
    add_script_option(app, call.script);
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

constexpr double kMostPixels = 16384;  ///< of a side; more than drivers draw

/// Each is in its range; the picture must be in that of drivers.
core::Status check_size(const ExportOptions& o) {
    for (const auto& [name, side] :
         {std::pair("--width", o.width), std::pair("--height", o.height)})
        if (const double pixels = static_cast<double>(side) * o.scale; pixels > kMostPixels)
            return core::usage_error(
                std::string(name) + ": found " + std::to_string(side) + ", which --scale makes " +
                std::to_string(std::llround(pixels)) + " pixels; allowed together up to 16384");
    return {};
}

core::Status check(const ExportCall& call) {
    const ExportOptions& o = call.options;
    if (call.text && core::without_mark(*call.text).empty())
        return core::usage_error("--text: the prompt is empty; give at least one character");
    if (o.png.empty() && o.csv.empty())
        return core::usage_error(
            "nothing is asked for; name a file for the picture (--png FILE), for the numbers "
            "(--csv FILE), or both");
    if (!o.png.empty())
        if (auto place = check_place("--png", core::check_output(o.png)); !place) return place;
    if (!o.csv.empty())
        if (auto place = check_place("--csv", core::check_output(o.csv)); !place) return place;
    if (auto size = check_size(o); !size) return size;
    if (!o.png.empty() && !o.csv.empty() && is_same_place(o.png, o.csv))
        return core::usage_error("--csv: found " + core::shown_path(o.csv) +
                                 ", where the picture goes; give the numbers a file of their own");
    std::error_code code;
    if (std::filesystem::exists(o.run + "/race.json", code) &&
        !std::filesystem::exists(o.run + "/config.toml", code))
        return core::usage_error(core::shown_path(o.run) +
                                 ": found a race; name the folder of one of its lanes, below it");
    return {};
}

int export_panel(const ExportCall& call, const Environment& environment) {
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
    environment.before_computing();
    environment.catch_signals();
    if (auto done = environment.export_panel(options); !done)
        return report(done.error(), environment);
    return kDone;
}

}  // namespace

void add_export(CLI::App& root, Work& work) {
    declare<ExportCall>(
        root, "export", "One panel of the window as a picture or as numbers, without a display",
        "hopscope export runs/first --panel routing_space --png space.png --scale 2", work,
        describe, export_panel);
}

}  // namespace hopscope::app
