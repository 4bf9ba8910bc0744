// hopscope eval: loss and perplexity of a run, as trained or with its routing changed.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct EvalCall {
    core::lab::EvalOptions options;
    Output output;
};

void describe(CLI::App& app, EvalCall& call) {
    core::lab::EvalOptions& o = call.options;
    app.add_option("RUN", o.run, "Run folder")->required();
    add_text_options(app, o.corpus, o.split, o.batches);
    app.add_option("--hops", o.hops, "Forces min(N, hops of the layer) hops; default: all")
        ->check(number_within(1, 64, false, "an integer, 1 … 64"));
    app.add_option("--top-k", o.top_k, "Experts a hop; default: as configured")
        ->check(number_within(1, 1048576, false, "an integer from 1"));
    app.add_option("--tau", o.tau, "Scale of the cosine; default: as configured")
        ->check(number_within(0, 1e308, true, "a number above 0"));
    app.add_option("--halt", o.halt,
                   "Halts a token once its update falls below this share of its state")
        ->check(number_within(0, 1e308, false, "a number from 0"));
    app.add_flag("--freeze-routing", o.freeze_routing, "Reuses the choice and weights of hop 0");
    app.add_flag("--no-experts", o.no_experts, "Zeroes every expert's update");
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
}

std::string describe_eval(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::ostringstream out;
    out << "loss        " << shown(json.at("loss")) << " nats per token\n"
        << "perplexity  " << shown(json.at("perplexity")) << "\n"
        << "tokens      " << shown(json.at("tokens")) << " in " << json.at("batches").size()
        << " batches\n"
        << "hops        " << shown(json.at("hops_executed")) << " mean, by layer\n"
        << "Jaccard     " << shown(json.at("jaccard")) << " by layer and pair of hops\n"
        << "seconds     " << shown(json.at("seconds")) << "\n";
    return out.str();
}

int eval(const EvalCall& call, const Environment& environment) {
    return deliver(with_progress(core::lab::eval, call.options, environment), call.output,
                   environment, describe_eval);
}

}  // namespace

void add_eval(CLI::App& root, Work& work) {
    declare<EvalCall>(root, "eval", "Loss and perplexity, as trained or with routing changed",
                      "hopscope eval runs/first --halt 0.05 --json", work, describe, eval);
}

}  // namespace hopscope::app
