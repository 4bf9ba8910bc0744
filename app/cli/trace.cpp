// hopscope trace: everything about one prompt.
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct TraceCall {
    core::lab::TraceOptions options;
    std::string text_file;
    std::string script;
    Output output;
};

constexpr size_t kMaxPromptBytes = size_t{1} << 26;

void describe(CLI::App& app, TraceCall& call) {
    core::lab::TraceOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    auto* source = app.add_option_group("prompt", "One of these is required");
    source->add_option("--text", o.text, "The prompt");
    source->add_option("--text-file", call.text_file, "File with the prompt; - for stdin")
        ->type_name("FILE");
    source->require_option(1);
    app.add_flag("--positions", o.positions, "Adds the routing position of each token and hop");
    app.add_flag("--cut", o.cut, "Cuts a prompt that is longer than model.max_seq_len");
    add_script_option(app, call.script);
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
}

core::Result<std::string> read_prompt(const std::string& path, const Environment& environment) {
    core::Result<std::string> text = path == "-"
                                         ? core::Result<std::string>(std::string(
                                               std::istreambuf_iterator<char>(environment.in), {}))
                                         : core::lab::read_file(path, kMaxPromptBytes);
    if (!text) return text;
    // The line end of the last line is not part of a prompt (product.md section 3).
    if (text->ends_with("\r\n")) text->pop_back();
    if (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    return text;
}

/// One line a token: its loss, and at each layer the experts of its hops.
std::string describe_result(const std::string& text) {
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

int trace(const TraceCall& call, const Environment& environment) {
    core::lab::TraceOptions options = call.options;
    if (!call.text_file.empty()) {
        const auto text = read_prompt(call.text_file, environment);
        if (!text) return report(text.error(), environment);
        options.text = *text;
    }
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    if (environment.catch_signals) environment.catch_signals();
    auto result = core::lab::trace(options);
    if (!result && result.error().kind == core::ErrorKind::usage && !call.text_file.empty() &&
        call.text_file != "-")
        return report(core::usage_error(call.text_file + ": " + result.error().message),
                      environment);
    return deliver(result, call.output, environment, describe_result);
}

}  // namespace

void add_trace(CLI::App& root, Work& work) {
    declare<TraceCall>(root, "trace",
                       "Everything about one prompt: experts, weights, positions, losses",
                       "hopscope trace runs/first --text \"The river bank\" --positions --json",
                       work, describe, trace);
}

}  // namespace hopscope::app
