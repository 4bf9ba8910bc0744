// hopscope generate: continues a prompt, as trained or under interventions.
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "app/cli/number_options.h"
#include "app/cli/subcommand.h"
#include "core/api/files.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct GenerateCall {
    core::lab::GenerateOptions options;
    std::string script;
    Output output;
};

void describe(CLI::App& app, GenerateCall& call) {
    core::lab::GenerateOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    app.add_option("--text", o.text, "The prompt")->required();
    add_number(app, "--tokens", o.tokens, {1, 1e9}, "Tokens to draw, at most");
    add_number(app, "--temperature", o.temperature, {0, core::kMostScale},
               "Evens out the probabilities above 1, sharpens them below; 0 takes the most likely "
               "token");
    add_number(app, "--top-p", o.top_p, {0, 1, /*low_open=*/true},
               "Draws among the likeliest tokens that reach this sum");
    add_seed_option(app, o.seed, "Of the draws");
    add_script_option(app, call.script);
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
    add_definitions(app, core::lab::generate_definitions());
}

/// One line about how it went, once the text has been seen.
std::string closing_line(const nlohmann::json& j) {
    return std::to_string(j.at("tokens").size()) + " tokens, " + shown(j.at("tokens_per_s")) +
           " tokens/s, seed " + shown(j.at("seed")) +
           "; stopped by: " + j.at("stopped").get<std::string>();
}

int generate(const GenerateCall& call, const Environment& environment) {
    core::lab::GenerateOptions options = call.options;
    options.text = core::without_mark(options.text);
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    environment.catch_signals();
    // Without a document on stdout the text itself is the output; with one in a file it is there
    // for a person to follow.
    const bool to_stdout = call.output.file.empty();
    bool begun = false;
    std::optional<int> broken;  // stdout takes no more; the exit code that this means
    const auto show = [&](const std::string& text) {
        begun = true;
        if (!to_stdout)
            environment.err << text << std::flush;
        else if (!broken)
            if (const int code = print(text, environment, call.output); !environment.out)
                broken = code;
    };
    if (!call.output.json) options.on_text = show;
    const auto result = core::lab::generate(options);
    if (begun) show("\n");
    if (!result || call.output.json || !call.output.file.empty())
        return deliver_text(result, call.output, environment);
    if (broken) return *broken;
    environment.err << closing_line(nlohmann::json::parse(*result)) << std::endl;
    return kDone;
}

}  // namespace

void add_generate(CLI::App& root, Work& work) {
    declare<GenerateCall>(root, "generate", "Continues a prompt, if asked under interventions",
                          "hopscope generate runs/first --text \"once upon a time\" --tokens 40 "
                          "--temperature 0.8 --top-p 0.95",
                          work, describe, generate);
}

}  // namespace hopscope::app
