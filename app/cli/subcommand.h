// How a subcommand joins the command line: one file, one function that declares its options and the
// work to do when it was chosen. Main thread, during parsing and running only.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/cli/cli.h"
#include "core/api/base.h"
#include "core/api/command.h"
#include "core/api/command_registry.h"
#include "core/api/kinds.h"

namespace hopscope::app {

/// The work of the chosen subcommand; returns the exit code.
using Work = std::function<int(const Environment&)>;

/// Declares one subcommand below `root`; its callback sets `work`. Options live as long as `work`
/// does.
using AddSubcommand = void (*)(CLI::App& root, Work& work);

void add_explore(CLI::App& root, Work& work);
void add_train(CLI::App& root, Work& work);
void add_batch(CLI::App& root, Work& work);
void add_race(CLI::App& root, Work& work);
void add_eval(CLI::App& root, Work& work);
void add_halting(CLI::App& root, Work& work);
void add_trace(CLI::App& root, Work& work);
void add_intervene(CLI::App& root, Work& work);
void add_generate(CLI::App& root, Work& work);
void add_analyze(CLI::App& root, Work& work);
void add_compare(CLI::App& root, Work& work);
void add_zeroshot(CLI::App& root, Work& work);
void add_info(CLI::App& root, Work& work);
void add_import(CLI::App& root, Work& work);
void add_route(CLI::App& root, Work& work);
void add_bench(CLI::App& root, Work& work);
void add_tokenizer(CLI::App& root, Work& work);
void add_commands(CLI::App& root, Work& work);
void add_export(CLI::App& root, Work& work);

/// A subcommand with its help, an example under it, and unknown arguments left for run_cli to
/// explain.
CLI::App* declare(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& example);

/// How a command that makes a JSON document gives it away.
struct Output {
    bool json = false;
    std::string file;         ///< "" = stdout
    bool takes_file = false;  ///< the command has an --out FILE to go to instead of stdout
};
/// Whether it can be given away so. Errors (usage): --out cannot be written.
core::Status check(const Output& output);
/// What is said of the place of a result, of the option that named it: "--png: no such folder".
core::Status check_place(const std::string& option, core::Status checked);
/// Whether what goes to the --out, --png or --csv FILE of this call replaces nothing that the call
/// reads or that a run is kept in; asked for every command. Errors (usage), also for "-".
core::Status check_apart(const CLI::App& app);
/// Prints the message and maps the kind to the exit code.
int report(const core::Error& error, const Environment& environment);

/// Declares `name` with options of type `Options`: `describe` adds them, `act` does the work with
/// them. Where its result goes is checked before.
template <class Options>
CLI::App* declare(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& example, Work& work, void (*describe)(CLI::App&, Options&),
                  int (*act)(const Options&, const Environment&)) {
    CLI::App* app = declare(parent, name, help, example);
    auto options = std::make_shared<Options>();
    describe(*app, *options);
    app->callback([app, options, act, &work] {
        work = [app, options, act](const Environment& environment) {
            // The work may take hours, so what would fail at its end is refused at its beginning.
            if constexpr (requires { options->output.file; })
                if (auto fits = check(options->output); !fits)
                    return report(fits.error(), environment);
            if (auto apart = check_apart(*app); !apart) return report(apart.error(), environment);
            return act(*options, environment);
        };
    });
    return app;
}

/// `--set table.key=value`, any number of times, one value each.
void add_set_option(CLI::App& app, std::vector<std::string>& overrides);

/// `--allow-debug` of commands that train.
void add_debug_option(CLI::App& app, bool& allow_debug);

/// Puts terms and their definitions under the help, above the example.
void add_definitions(CLI::App& app,
                     const std::vector<std::pair<std::string, std::string>>& definitions);

void add_output_options(CLI::App& app, Output& output);

/// Ends a command that made a JSON document: the file, stdout, or with neither `describe(document)`
/// for people.
int deliver(const core::Result<std::string>& json, const Output& output,
            const Environment& environment, std::string (*describe)(const std::string& json));
/// All of stdin. Errors (usage): more bytes than that; (interrupted): a signal came while it
/// waited, so a command that reads must have caught signals.
core::Result<std::string> read_stdin(const Environment& environment, size_t max_bytes);
/// Puts text on stdout and returns the exit code. A reader that has gone, such as `head`, had what
/// it wanted: that is no failure and no message, while a full disk is both.
/// @param output of the command, which may have another way out
int print(const std::string& text, const Environment& environment, const Output& output = {});
/// Ends a command that made text for stdout or a file; a missing last line end is added.
int deliver_text(const core::Result<std::string>& text, const Output& output,
                 const Environment& environment);
/// A number, or an array of them, with the digits a person reads; null as "-".
std::string shown(const nlohmann::json& value);
/// `--script` of commands that may change the model for the length of the call.
void add_script_option(CLI::App& app, std::string& path);
/// Interventions for prompts, one JSON object a line; errors name FILE:LINE.
core::Result<std::vector<core::Command>> read_script(const std::string& path,
                                                     core::Domain domain = core::Domain::inference);
/// The bound of counts that nothing else bounds: batches, items.
inline constexpr double kMostOfThem = 1e12;
/// What to add where a run or race (`what`) was to begin in a folder that holds one.
void tell_resume(const core::Error& error, bool resumes, const std::string& command,
                 const std::string& out, const std::string& what, const Environment& environment);
/// `--corpus`, `--split`, `--batches`: the text that a trained model is measured on.
void add_text_options(CLI::App& app, std::string& corpus, core::Split& split, int64_t& batches);
/// `--categories`: a folder of word lists in place of the program's own.
void add_categories_option(CLI::App& app, std::string& folder);
/// Where the word lists may lie: the chosen folder, or beside the build or installed. Errors
/// (usage): the chosen one does not exist.
core::Result<std::vector<std::string>> category_dirs(const std::string& chosen);
/// The folder to open for `path`: of a published model the run folder of its import, which is made
/// in the user's cache where it is not there yet; else `path` itself. Errors: of the import;
/// (usage) the environment names no place for a cache. `cancelled` is polled; may be empty.
core::Result<std::string> run_of_model(const std::string& path,
                                       const std::function<bool()>& cancelled = {});
/// `--precision` of commands that compute on a trained model.
void add_precision_option(CLI::App& app, core::Precision& precision);

}  // namespace hopscope::app
