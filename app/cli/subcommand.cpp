#include "app/cli/subcommand.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "core/api/command_registry.h"
#include "core/api/files.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

int exit_code(core::ErrorKind kind) {
    switch (kind) {
        case core::ErrorKind::usage:
            return kUsage;
        case core::ErrorKind::interrupted:
            return kInterrupted;
        case core::ErrorKind::failed:
            break;
    }
    return kFailed;
}

}  // namespace

CLI::App* declare(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& example) {
    CLI::App* app = parent.add_subcommand(name, help);
    app->footer("Example:\n  " + example);
    // run_cli looks at what is left over and names the nearest option.
    app->allow_extras();
    return app;
}

void add_set_option(CLI::App& app, std::vector<std::string>& overrides) {
    app.add_option("--set", overrides,
                   "Overrides a key of the configuration, e.g. model.d_model=128; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_debug_option(CLI::App& app, bool& allow_debug) {
    app.add_flag("--allow-debug", allow_debug,
                 "Obeys the table [debug], which forces faults and rare paths for tests");
}

void add_definitions(CLI::App& app,
                     const std::vector<std::pair<std::string, std::string>>& definitions) {
    constexpr size_t kWidth = 96;
    std::string text = "Definitions:\n";
    for (const auto& [term, definition] : definitions) {
        std::string line = "  " + term + ":";
        std::istringstream words(definition);
        for (std::string word; words >> word;) {
            if (line.size() + 1 + word.size() > kWidth) {
                text += line + "\n";
                line = "     ";
            }
            line += " " + word;
        }
        text += line + "\n";
    }
    app.footer(text + "\n" + app.get_footer());
}

void add_text_options(CLI::App& app, std::string& corpus, core::Split& split, int64_t& batches) {
    app.add_option("--corpus", corpus, "Text to evaluate on; default: the run's own")
        ->type_name("FILE");
    add_kind(app, "--split", split, "Part of the run's own corpus");
    add_number(app, "--batches", batches, {1, kMostOfThem}, "Highest number of batches");
}

void add_output_options(CLI::App& app, Output& output) {
    app.add_flag("--json", output.json, "One JSON document on stdout and nothing else");
    output.takes_file = true;
    app.add_option("--out", output.file, "Writes the JSON document to this file instead of stdout")
        ->type_name("FILE");
}

namespace {

constexpr size_t kMaxScriptBytes = size_t{1} << 26;

}  // namespace

void add_script_option(CLI::App& app, std::string& path) {
    app.add_option("--script", path, "Interventions, one JSON object a line")->type_name("FILE");
}

core::Result<std::vector<core::Command>> read_script(const std::string& path, core::Domain domain) {
    const auto text = core::read_text(path, kMaxScriptBytes);
    if (!text) return text.error();
    std::vector<core::Command> script;
    std::istringstream lines(*text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const std::string place = core::shown_path(path) + ":" + std::to_string(number) + ": ";
        auto command = domain == core::Domain::live ? core::parse_training_command(line)
                                                    : core::parse_command(line);
        if (!command) return core::usage_error(place + command.error().message);
        if (const auto reason = core::unavailable(*command, domain); !reason.empty())
            return core::usage_error(place + reason);
        command->place = place;
        script.push_back(std::move(*command));
    }
    return script;
}

core::Status check(const Output& output) {
    return output.file.empty() ? core::Status() : core::check_output(output.file);
}

namespace {

/// The options that name what a call writes.
constexpr const char* kResults[] = {"--out", "--png", "--csv", "--json"};

bool is_result(const CLI::Option& option) {
    // --json is a flag of most commands: what it asks for goes to stdout.
    return option.get_items_expected_max() > 0 &&
           std::any_of(std::begin(kResults), std::end(kResults),
                       [&](const char* name) { return option.check_name(name); });
}

core::Status check_apart(const CLI::App& app, const CLI::Option* out) {
    // Elsewhere it means stdout, and a file of that name is hard to delete.
    if (out->results().front() == "-")
        return core::usage_error(
            "--out: found \"-\", which is no name here: " +
            std::string(out->check_name("--out")
                            ? "leave --out out where results are to go to stdout, or "
                            : "") +
            "give ./- for that name");
    if (out->get_type_name() == "DIR") return {};
    // A redirected file counts, whether the command reads it or not.
    std::vector<std::string> inputs = {"/dev/stdin"};
    for (const CLI::Option* option : app.get_options()) {
        const std::string type = option->get_type_name();
        const bool is_run = option->get_positional();
        if (is_result(*option) || !(is_run || type == "FILE" || type == "DIR" || type == "M"))
            continue;
        for (const std::string& value : option->results())
            // In the folder of a run its own files alone are out of bounds; those of any run are.
            if (!is_run || core::kind_of_file(value) != core::FileKind::folder)
                inputs.push_back(value);
    }
    return core::check_output_apart(out->results().front(), inputs);
}

}  // namespace

core::Status check_place(const std::string& option, core::Status checked) {
    if (checked) return checked;
    core::Error error = checked.error();
    if (constexpr std::string_view usual = "--out: "; error.message.starts_with(usual))
        error.message.replace(0, usual.size(), option + ": ");
    return error;
}

core::Status check_apart(const CLI::App& app) {
    for (const char* name : kResults)
        if (const CLI::Option* out = app.get_option_no_throw(name);
            out && !out->empty() && is_result(*out))
            if (auto apart = check_apart(app, out); !apart)
                return check_place(name, std::move(apart));
    return {};
}

int report(const core::Error& error, const Environment& environment) {
    environment.err << "hopscope: " << core::printable(error.message) << std::endl;
    return exit_code(error.kind);
}

core::Result<std::string> read_stdin(const Environment& environment, size_t max_bytes) {
    std::string text;
    std::vector<char> block(size_t{1} << 16);
    while (environment.in) {
        environment.in.read(block.data(), std::ssize(block));
        text.append(block.data(), static_cast<size_t>(environment.in.gcount()));
        if (core::lab::interrupt_flag().load() != 0)
            return core::Error{core::ErrorKind::interrupted, "stopped while reading stdin"};
        if (text.size() > max_bytes)
            return core::usage_error("stdin: more than " + std::to_string(max_bytes) +
                                     " bytes, which is the most that is read here");
    }
    // A folder, or a disk that fails: the stream tells no error from an end.
    if (&environment.in == &std::cin && std::ferror(stdin) != 0)
        return core::usage_error(core::kind_of_file("/dev/stdin") == core::FileKind::folder
                                     ? std::string("stdin: is a folder, text is expected")
                                     : std::string("stdin: cannot be read to its end"));
    return core::as_text(std::move(text), "stdin");
}

int print(const std::string& text, const Environment& environment, const Output& output) {
    errno = 0;
    environment.out << text << std::flush;
    if (environment.out || core::reader_has_gone(errno)) return kDone;
    if (errno == EINTR) return kInterrupted;  // the request ended the wait for a slow reader
    const std::string reason = errno != 0 ? std::string(" (") + std::strerror(errno) + ")" : "";
    return report(
        core::failure("stdout: the output could not be written completely" + reason +
                      "; check the disk" + (output.takes_file ? ", or give --out FILE" : "")),
        environment);
}

int deliver_text(const core::Result<std::string>& text, const Output& output,
                 const Environment& environment) {
    if (!text) return report(text.error(), environment);
    std::string whole = *text;
    if (!whole.empty() && whole.back() != '\n') whole += '\n';
    if (!output.file.empty()) {
        if (auto written = core::write_output(output.file, whole); !written)
            return report(written.error(), environment);
        return kDone;
    }
    return print(whole, environment, output);
}

int deliver(const core::Result<std::string>& json, const Output& output,
            const Environment& environment, std::string (*describe)(const std::string& json)) {
    if (json && !output.json && output.file.empty())
        return deliver_text(core::printable(describe(*json)), output, environment);
    return deliver_text(json, output, environment);
}

std::string shown(const nlohmann::json& value) {
    if (value.is_null()) return "-";
    if (value.is_number_float()) {
        char text[32];
        std::snprintf(text, sizeof text, "%.5g", value.get<double>());
        return text;
    }
    if (!value.is_array()) return value.dump();
    std::string out;
    for (const auto& item : value) out += (out.empty() ? "" : ", ") + shown(item);
    return "[" + out + "]";
}

void tell_resume(const core::Error& error, bool resumes, const std::string& command,
                 const std::string& out, const std::string& what, const Environment& environment) {
    if (error.kind != core::ErrorKind::usage || resumes || out.empty() ||
        !core::is_document(out + "/" + what + ".json", what))
        return;
    environment.err << "Go on with it: hopscope " << command << " --resume --out "
                    << core::shell_word(out) << std::endl;
}

void add_categories_option(CLI::App& app, std::string& folder) {
    app.add_option("--categories", folder, "Folder of word lists; default: the program's own")
        ->type_name("DIR");
}

core::Result<std::vector<std::string>> category_dirs(const std::string& chosen) {
    std::error_code code;
    if (!chosen.empty()) {
        if (core::kind_of_file(chosen) != core::FileKind::folder)
            return core::usage_error("--categories: " + core::shown_path(chosen) +
                                     ": no such folder");
        return std::vector<std::string>{chosen};
    }
    const auto exe = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
    return std::vector<std::string>{(exe / "assets/categories").string(),
                                    (exe / "../share/hopscope/assets/categories").string(),
                                    (exe / "../../assets/categories").string()};
}

core::Result<std::string> run_of_model(const std::string& path,
                                       const std::function<bool()>& cancelled) {
    if (!core::lab::is_model(path)) return path;
    std::string cache;
    if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg)
        cache = std::string(xdg) + "/hopscope/models";
    else if (const char* home = std::getenv("HOME"); home && *home)
        cache = std::string(home) + "/.cache/hopscope/models";
    if (cache.empty())
        return core::usage_error(core::shown_path(path) +
                                 ": is a published model, and neither XDG_CACHE_HOME nor HOME "
                                 "says where its import is kept; give hopscope import --out");
    return core::lab::open_model(path, cache, cancelled);
}

void add_precision_option(CLI::App& app, core::Precision& precision) {
    add_decided_kind(app, "--precision", precision, "Precision of the computation");
}

}  // namespace hopscope::app
