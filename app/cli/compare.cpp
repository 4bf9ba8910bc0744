// hopscope compare: do runs, evaluations or zero-shot answers differ?
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/kinds.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct CompareCall {
    core::lab::CompareOptions options;
    Output output;
};

void describe(CLI::App& app, CompareCall& call) {
    core::lab::CompareOptions& o = call.options;
    app.add_option("RUN", o.runs,
                   "Run folders (their newest evaluation), files of hopscope eval, or files of "
                   "hopscope zeroshot; two or more, all pairs are compared");
    app.add_option("--printed", o.printed,
                   "Claims of a table, one JSON object a line, each checked against the printed "
                   "numbers it should follow from (see printed below); alone or beside runs")
        ->type_name("FILE");
    add_optional_number(
        app, "--margin", o.margin, {0, core::kMostScale},
        "What counts as no difference; default 0.03 nats, zero-shot 0.02 of accuracy");
    add_numbers(app, "--block", o.blocks, {1, 1e9}, "Sizes of blocks of neighbouring batches");
    add_number(app, "--resamples", o.resamples, {100, 1e7}, "Resamples of each bootstrap");
    add_seed_option(app, o.seed, "Seed of the resampling");
    add_output_options(app, call.output);
    add_definitions(app, core::lab::compare_definitions());
}

using Json = nlohmann::json;
using core::Follows;

std::string pair_name(const Json& pair) {
    return pair.at("a").get<std::string>() + " - " + pair.at("b").get<std::string>();
}

const char* verdict(const Json& tested) {
    return tested.at("equivalent").get<bool>() ? "equivalent" : "not shown equivalent";
}

void write_losses(std::ostream& out, const Json& document) {
    for (const Json& pair : document.at("pairs")) {
        out << pair_name(pair) << "\n  difference  " << shown(pair.at("mean"))
            << " nats per token over " << pair.at("n") << " batches\n  95 %        "
            << shown(pair.at("ci95")) << ", unpaired " << shown(pair.at("unpaired_ci95"))
            << ", p of no difference " << shown(pair.at("p_difference")) << "\n  90 %        "
            << shown(pair.at("ci90")) << ", p " << shown(pair.at("p")) << ", power "
            << shown(pair.at("power")) << ": " << verdict(pair) << "\n";
        for (const Json& block : pair.at("blocks"))
            out << "  blocks of " << block.at("size") << " " << shown(block.at("ci90")) << ", "
                << shown(block.at("width_ratio")) << " times as wide: " << verdict(block) << "\n";
    }
    out << "\nVariants (perplexity over seeds)\n";
    for (const Json& group : document.at("groups"))
        out << "  " << group.at("variant").get<std::string>() << "  " << shown(group.at("mean_ppl"))
            << " ± " << shown(group.at("std")) << ", seeds " << shown(group.at("seeds")) << "\n";
    out << "  spread of means " << shown(document.at("spread_of_means")) << ", mean within "
        << shown(document.at("mean_within_std")) << ", ratio " << shown(document.at("ratio"))
        << "\n";
    for (const Json& tost : document.at("seed_tost"))
        out << "  " << pair_name(tost) << "  " << shown(tost.at("diff")) << " nats, p "
            << shown(tost.at("p")) << ": " << verdict(tost) << "\n";
}

void write_answers(std::ostream& out, const Json& document) {
    for (const Json& pair : document.at("pairs")) {
        out << pair_name(pair) << " on " << pair.at("n") << " items of "
            << pair.at("task").get<std::string>() << "\n";
        for (const bool norm : {false, true}) {
            const Json& by = norm ? pair.at("norm") : pair;
            const Json &mcnemar = by.at("mcnemar"), &tost = by.at("tost");
            out << (norm ? "  length-normalised  " : "  summed             ")
                << shown(by.at("accuracy_a")) << " and " << shown(by.at("accuracy_b"))
                << "; only a " << mcnemar.at("only_a") << ", only b " << mcnemar.at("only_b")
                << ", McNemar p " << shown(mcnemar.at("p")) << "; difference "
                << shown(tost.at("diff")) << ", 90 % " << shown(tost.at("ci90")) << ": "
                << verdict(tost) << "\n";
        }
    }
}

void write_printed(std::ostream& out, const Json& claims) {
    out << "Printed numbers\n";
    for (const Json& claim : claims) {
        const auto follows = core::kind_of<Follows>(claim.at("follows").get<std::string>());
        out << "  "
            << (follows == Follows::yes  ? "follows       "
                : follows == Follows::no ? "DOES NOT      "
                                         : "by rounding   ");
        if (claim.contains("label")) out << claim.at("label").get<std::string>() << ": ";
        out << claim.at("text").get<std::string>() << "\n";
    }
}

std::string describe_compare(const std::string& text) {
    const Json document = Json::parse(text);
    std::ostringstream out;
    const bool claims = document.contains("printed");
    const bool runs = !claims || !document.at("inputs").empty();
    if (runs)
        out << "Margin " << shown(document.at("margin")) << ", " << document.at("resamples")
            << " resamples, seed " << document.at("seed")
            << "; decided on unrounded numbers, margin included\n\n";
    if (runs && document.contains("groups"))
        write_losses(out, document);
    else if (runs)
        write_answers(out, document);
    if (claims) {
        if (runs) out << "\n";
        write_printed(out, document.at("printed"));
    }
    if (!document.at("warnings").empty()) out << "\nWarnings\n";
    for (const Json& warning : document.at("warnings")) {
        out << "  ";
        if (warning.contains("a")) out << warning.at("a").get<std::string>();
        if (warning.contains("b")) out << " - " << warning.at("b").get<std::string>();
        if (warning.contains("a")) out << ": ";
        out << warning.at("text").get<std::string>() << "\n";
    }
    return out.str();
}

int compare(const CompareCall& call, const Environment& environment) {
    core::lab::CompareOptions options = call.options;
    if (options.runs.empty() && options.printed.empty())
        return report(core::usage_error("compare: found neither RUN nor --printed FILE, two RUNs "
                                        "or more or a file of claims are needed"),
                      environment);
    return deliver(with_progress(core::lab::compare, options, environment), call.output,
                   environment, describe_compare);
}

}  // namespace

void add_compare(CLI::App& root, Work& work) {
    declare<CompareCall>(root, "compare", "Statistics of the differences between runs",
                         "hopscope compare runs/wide-42 runs/wide-7 runs/deep-42 --json", work,
                         describe, compare);
}

}  // namespace hopscope::app
