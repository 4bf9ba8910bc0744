// hopscope generate: continues a prompt, as trained or under interventions.
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/cli/subcommand.h"
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
    app.add_option("--tokens", o.tokens, "Tokens to draw, at most")
        ->capture_default_str()
        ->check(number_within(1, 1e9, false, "an integer from 1"));
    app.add_option("--temperature", o.temperature,
                   "Evens out the probabilities above 1, sharpens them below; 0 takes the most "
                   "likely token")
        ->capture_default_str()
        ->check(number_within(0, 1e6, false, "a number from 0"));
    app.add_option("--top-p", o.top_p, "Draws among the likeliest tokens that reach this sum")
        ->capture_default_str()
        ->check(number_within(0, 1, true, "a number above 0 up to 1"));
    app.add_option("--seed", o.seed, "Of the draws")->capture_default_str();
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
    if (!call.script.empty()) {
        auto script = read_script(call.script);
        if (!script) return report(script.error(), environment);
        options.script = std::move(*script);
    }
    environment.catch_signals();
    // Without a document on stdout the text itself is the output; with one in a file it is there
    // for a person to follow.
    std::ostream& stream = call.output.file.empty() ? environment.out : environment.err;
    bool begun = false;
    if (!call.output.json)
        options.on_text = [&](const std::string& text) {
            begun = true;
            stream << text << std::flush;
        };
    const auto result = core::lab::generate(options);
    if (begun) stream << std::endl;
    if (!result || call.output.json || !call.output.file.empty())
        return deliver_text(result, call.output.file, environment);
    if (!environment.out)
        return report(core::failure("stdout: the text could not be written completely; check the "
                                    "disk"),
                      environment);
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
