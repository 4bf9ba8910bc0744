#include "app/cli/cli.h"

#include <algorithm>
#include <filesystem>
#include <new>
#include <ostream>
#include <system_error>

#include "app/cli/subcommand.h"
#include "app/cli/words.h"
#include "core/api/base.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

/// Every subcommand, in the order of `--help`.
constexpr AddSubcommand kSubcommands[] = {
    add_explore,    //
    add_train,      //
    add_race,       //
    add_batch,      //
    add_eval,       //
    add_halting,    //
    add_trace,      //
    add_generate,   //
    add_analyze,    //
    add_intervene,  //
    add_compare,    //
    add_zeroshot,   //
    add_info,       //
    add_import,     //
    add_route,      //
    add_bench,      //
    add_tokenizer,  //
    add_export,     //
    add_commands,
};

constexpr const char* kFooter =
    "Without a subcommand the window opens (explore).\n"
    "Exit codes: 0 done; 1 the work failed; 2 the call, a config or an input file is wrong;\n"
    "130 interrupted after a clean stop.\n\n"
    "Examples:\n"
    "  hopscope\n"
    "  hopscope train --config configs/first_look.toml --out runs/first\n"
    "  hopscope trace runs/first --text \"The river bank\" --json";

std::vector<std::string> subcommand_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(sub->get_name());
    return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

/// The innermost subcommand that was named.
const CLI::App& chosen(const CLI::App& root) {
    const CLI::App* app = &root;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return *app;
}

/// Full name for messages: "hopscope tokenizer train".
std::string full_name(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return parent ? full_name(*parent) + " " + app.get_name() : app.get_name();
}

int usage(const std::string& message, const CLI::App& app, const Environment& environment) {
    const std::string name = full_name(app);
    environment.err << name << ": " << core::printable(message) << "\nSee: " << name << " --help"
                    << std::endl;
    return kUsage;
}

/// ", did you mean X? Allowed are …" or ". Allowed are …".
std::string way_out(const std::string& word, const std::vector<std::string>& known) {
    const std::string likely = core::suggestion(word, known);
    return (likely.empty() ? "." : likely) + " Allowed are " + core::joined(known);
}

/// What is wrong with an argument nobody asked for.
std::string explain_extra(const CLI::App& app, const std::string& extra) {
    if (extra.size() > 1 && extra[0] == '-') {
        const std::string name = extra.substr(0, extra.find('='));
        return "unknown option " + core::shown(name) + way_out(name, option_names(app));
    }
    const auto names = subcommand_names(app);
    if (!names.empty())
        return "unknown subcommand " + core::in_quotes(extra) + way_out(extra, names);
    const std::string found = "unexpected argument " + core::in_quotes(extra);
    return app.get_option_no_throw("--text")
               ? found + "; a prompt is given with --text " + core::in_quotes(extra)
               : found;
}

/// What was left over, but for "--", which ends the options and says nothing itself.
std::vector<std::string> extras_of(const CLI::App& app) {
    std::vector<std::string> extras = app.remaining();
    std::erase(extras, "--");
    return extras;
}

/// True for `hopscope [RUN…] [--config FILE] [--start]`: neither a subcommand nor a question about
/// the program.
bool means_explore(const std::vector<std::string>& args, const CLI::App& root) {
    if (args.empty()) return true;
    if (args[0] == "--help" || args[0] == "-h" || args[0] == "--version") return false;
    const auto names = subcommand_names(root);
    return std::find(names.begin(), names.end(), args[0]) == names.end();
}

/// A bare word that is no folder was meant as a subcommand.
bool is_mistyped_subcommand(const std::string& word) {
    std::error_code ignored;  // a name too long for a file is none
    return !word.empty() && word[0] != '-' && word.find('/') == std::string::npos &&
           !std::filesystem::exists(word, ignored);
}

int parse_and_run(std::vector<std::string> args, const Environment& environment) {
    CLI::App root("Explorer for the routing geometry of mixture-of-experts language models",
                  "hopscope");
    Work work;
    for (const AddSubcommand add : kSubcommands) add(root, work);
    root.footer(kFooter);
    root.set_version_flag("--version", std::string("hopscope ") + HOPSCOPE_VERSION);
    root.require_subcommand(1);
    if (means_explore(args, root)) {
        if (!args.empty() && is_mistyped_subcommand(args[0]))
            return usage(
                explain_extra(root, args[0]) + "; a run folder of that name does not exist", root,
                environment);
        args.insert(args.begin(), "explore");
    }
    if (const auto misuse = settle_words(root, args))
        return usage(misuse->message, misuse->app, environment);
    try {
        std::reverse(args.begin(), args.end());  // as CLI11 wants a vector
        root.parse(std::move(args));
    } catch (const CLI::CallForHelp&) {
        const CLI::App& app = chosen(root);
        const std::string above = app.get_parent() ? full_name(*app.get_parent()) : "";
        std::string help = app.help(above);
        if (!help.ends_with('\n')) help += '\n';
        return print(help, environment);
    } catch (const CLI::CallForVersion& version) {
        return print(std::string(version.what()) + '\n', environment);
    } catch (const CLI::ParseError& error) {
        const CLI::App& app = chosen(root);
        // An unknown option explains a missing one better than the other way round.
        const auto extras = extras_of(app);
        if (!extras.empty()) return usage(explain_extra(app, extras.front()), app, environment);
        // One too many behind "--" is left with the root, and told whole, however long it is.
        if (const auto left = extras_of(root); !left.empty())
            return usage(explain_extra(app, left.front()), app, environment);
        return usage(error.what(), app, environment);
    }
    const CLI::App& app = chosen(root);
    if (const auto extras = extras_of(app); !extras.empty())
        return usage(explain_extra(app, extras.front()), app, environment);
    return work(environment);
}

}  // namespace

int run_cli(int argc, const char* const* argv, const Environment& environment) {
    // Errors are values inside; what still arrives here is a fault or the end of memory, and must
    // not look like one of the promised exit codes of a crash.
    try {
        return parse_and_run({argv + std::min(argc, 1), argv + argc}, environment);
    } catch (const std::bad_alloc&) {
        return report(core::failure("out of memory; use a smaller batch or a smaller model"),
                      environment);
    } catch (const std::filesystem::filesystem_error& error) {
        return report(
            core::failure(core::shown_path(error.path1().string()) + ": " + error.code().message()),
            environment);
    } catch (const std::system_error& error) {
        return report(
            core::failure("the system gave no thread or lock (" + std::string(error.what()) +
                          "); raise its limits (ulimit -u, ulimit -v)"),
            environment);
    } catch (const std::exception& error) {
        return report(core::failure(std::string("unexpected fault: ") + error.what()), environment);
    }
}

}  // namespace hopscope::app
