// hopscope trace: everything about one prompt, or the routing of a whole corpus as tensors.
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/files.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct TraceCall {
    core::lab::TraceOptions options;
    std::optional<std::string> text;
    std::string text_file, script, corpus;
    std::optional<core::Split> split;
    std::optional<int64_t> batches;
    bool half = false;
    Output output;

    bool prompt() const { return text || !text_file.empty(); }
};

constexpr size_t kMaxPromptBytes = size_t{1} << 26;

void describe(CLI::App& app, TraceCall& call) {
    core::lab::TraceOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    auto* text = app.add_option("--text", call.text, "The prompt");
    auto* file = app.add_option("--text-file", call.text_file, "File with the prompt; - for stdin")
                     ->type_name("FILE");
    app.add_option("--corpus", call.corpus,
                   "With --out: a whole text; default: the run's own (--split)")
        ->type_name("FILE")
        ->excludes(text)
        ->excludes(file);
    text->excludes(file);
    app.add_flag("--positions", o.positions, "Adds the routing position of each token and hop");
    app.add_flag("--cut", o.cut, "Cuts a prompt that is longer than model.max_seq_len");
    add_optional_kind(app, "--split", call.split,
                      "Without a prompt: part of the run's own corpus; default: valid");
    add_optional_number(app, "--batches", call.batches, {0, kMostOfThem},
                        "Without a prompt: the first N batches; default 0: all");
    app.add_flag("--half", call.half, "Without a prompt: weights and positions as fp16");
    add_script_option(app, call.script);
    add_precision_option(app, o.precision);
    app.add_flag("--json", call.output.json, "One JSON document on stdout and nothing else");
    call.output.takes_file = true;
    app.add_option("--out", call.output.file,
                   "With a prompt: writes the JSON document to this file instead of stdout. "
                   "Without: the tensors")
        ->type_name("FILE");
    add_definitions(app, core::lab::trace_definitions());
}

core::Result<std::string> read_prompt(const std::string& path, const Environment& environment) {
    auto text = path == "-" ? read_stdin(environment, kMaxPromptBytes)
                            : core::read_text(path, kMaxPromptBytes);
    if (!text) return text;
    // The line end of the last line is not part of a prompt [def:text_to_tokens].
    if (text->ends_with("\r\n")) text->pop_back();
    if (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    return text;
}

/// One line a token: its loss, and at each layer the experts of its hops.
std::string describe_trace(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::ostringstream out;
    const auto& tokens = json.at("tokens");
    for (size_t t = 0; t < tokens.size(); ++t) {
        const auto& nll = tokens[t].at("nll");
        out << t << "  " << tokens[t].at("piece").dump() << "  nll " << shown(nll) << "\n";
        const auto& layers = json.at("layers");
        for (size_t l = 0; l < layers.size(); ++l) {
            out << "    layer " << l;
            for (const auto& hop : layers[l].at("hops"))
                out << "  " << shown(hop.at("experts").at(t));
            out << "\n";
        }
    }
    return out.str();
}

std::string describe_tensors(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::ostringstream out;
    out << json.at("file").get<std::string>() << ": " << shown(json.at("sequences"))
        << " sequences of " << shown(json.at("length")) << " tokens, loss "
        << shown(json.at("loss")) << " nats per token, " << shown(json.at("bytes")) << " bytes in "
        << shown(json.at("seconds")) << " s\n";
    return out.str();
}

/// Options that say nothing in the form that was chosen are refused: they would be lost silently.
core::Status check(const TraceCall& call) {
    if (call.prompt()) {
        for (const auto& [name, given] :
             {std::pair("--split", call.split.has_value()),
              std::pair("--batches", call.batches.has_value()), std::pair("--half", call.half)})
            if (given)
                return core::usage_error(std::string(name) +
                                         ": for the routing of a whole corpus; leave it out with "
                                         "a prompt");
        return {};
    }
    if (call.output.file.empty())
        return core::usage_error(
            "nothing to trace: give a prompt (--text STR, --text-file FILE), or --out "
            "FILE.safetensors for the routing of " +
            (call.corpus.empty() ? "the run's own text or of a --corpus" : call.corpus) +
            "; see hopscope trace --help");
    if (call.options.cut)
        return core::usage_error(
            "--cut: for prompts; a corpus is cut into sequences of "
            "train.seq_len anyway, leave it out");
    if (call.split && !call.corpus.empty())
        return core::usage_error(
            "--split: a part of the run's own text; leave it out with "
            "--corpus, of which all is traced");
    return {};
}

int trace_corpus(const TraceCall& call, const Environment& environment) {
    core::lab::RoutingDumpOptions options;
    options.run = call.options.run;
    options.out = call.output.file;
    options.corpus = call.corpus;
    if (call.split) options.split = *call.split;
    if (call.batches) options.batches = *call.batches;
    options.positions = call.options.positions;
    options.half = call.half;
    options.script = call.options.script;
    options.precision = call.options.precision;
    const auto result = with_progress(core::lab::trace_corpus, options, environment);
    return deliver(result, {call.output.json, ""}, environment, describe_tensors);
}

int trace_prompt(const TraceCall& call, const Environment& environment) {
    core::lab::TraceOptions options = call.options;
    if (call.text) options.text = core::without_mark(*call.text);
    if (!call.text_file.empty()) {
        const auto text = read_prompt(call.text_file, environment);
        if (!text) return report(text.error(), environment);
        options.text = *text;
    }
    auto result = core::lab::trace(options);
    if (!result && result.error().kind == core::ErrorKind::usage && !call.text_file.empty() &&
        call.text_file != "-")
        return report(
            core::usage_error(core::shown_path(call.text_file) + ": " + result.error().message),
            environment);
    return deliver(result, call.output, environment, describe_trace);
}

int trace(const TraceCall& given, const Environment& environment) {
    if (auto s = check(given); !s) return report(s.error(), environment);
    if (!given.prompt()) environment.before_computing();
    TraceCall call = given;
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        call.options.script = std::move(*script);
    }
    environment.catch_signals();
    return call.prompt() ? trace_prompt(call, environment) : trace_corpus(call, environment);
}

}  // namespace

void add_trace(CLI::App& root, Work& work) {
    declare<TraceCall>(root, "trace",
                       "Everything about one prompt, or the routing of a whole corpus as tensors",
                       "hopscope trace runs/first --text \"The river bank\" --positions --json\n"
                       "  hopscope trace runs/first --corpus book.txt --out book.safetensors",
                       work, describe, trace);
}

}  // namespace hopscope::app
