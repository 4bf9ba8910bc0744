// hopscope eval: loss and perplexity of a run, as trained or with its routing changed.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/number_options.h"
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
    add_optional_number(app, "--hops", o.hops, {1, 64},
                        "Forces min(N, hops of the layer) hops; default: all");
    add_optional_number(app, "--top-k", o.top_k, {1, 1048576},
                        "Experts a hop; default: as configured");
    // As moe.tau.
    add_optional_number(app, "--tau", o.tau, {0, core::kMostScale, /*low_open=*/true},
                        "Scale of the cosine; default: as configured");
    // Compared with a quotient in fp32.
    add_optional_number(app, "--halt", o.halt, {0, core::kMostInFp32},
                        "Halts a token once its update falls below this share of its state");
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
    environment.before_computing();
    return deliver(with_progress(core::lab::eval, call.options, environment), call.output,
                   environment, describe_eval);
}

}  // namespace

void add_eval(CLI::App& root, Work& work) {
    declare<EvalCall>(root, "eval", "Loss and perplexity, as trained or with routing changed",
                      "hopscope eval runs/first --halt 0.05 --json", work, describe, eval);
}

}  // namespace hopscope::app
