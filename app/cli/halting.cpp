// hopscope halting: what stopping tokens early saves and costs, as a table with measured time.
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct HaltingCall {
    core::lab::HaltingOptions options;
    std::string categories;
    Output output;
};

void describe(CLI::App& app, HaltingCall& call) {
    core::lab::HaltingOptions& o = call.options;
    app.add_option("RUN", o.runs, "Run folders")->required();
    // Compared with a quotient in fp32.
    add_numbers(app, "--eps", o.epsilons, {0, core::kMostInFp32},
                "Thresholds, separated by commas: a token stops once its update falls below "
                "this share of its state");
    add_text_options(app, o.corpus, o.split, o.batches);
    add_number(app, "--repeats", o.repeats, {1, 1000},
               "Timed passes of each row; their median is reported");
    add_number(app, "--controls", o.controls, {0, 1000},
               "Draws of the random control: as many tokens of each depth, drawn at random; with "
               "an interval of the difference and the depths by word list");
    add_categories_option(app, call.categories);
    add_precision_option(app, o.precision);
    add_output_options(app, call.output);
}

std::string cells(const char* format, const std::string& a, double hops, double saving,
                  double perplexity, double delta, double seconds, double moe, double ratio) {
    char text[160];
    std::snprintf(text, sizeof text, format, a.c_str(), hops, 100 * saving, perplexity, delta,
                  seconds, moe, 100 * ratio);
    return text;
}

/// Shares of (token, layer) pairs by hops run: "1: 12.0 %, 2: 88.0 %".
std::string depth_text(const nlohmann::json& histogram) {
    double all = 0;
    for (const auto& n : histogram) all += n.get<double>();
    std::string out;
    for (size_t i = 0; i < histogram.size(); ++i) {
        char text[48];
        std::snprintf(text, sizeof text, "%s%zu: %.1f %%", i ? ", " : "", i + 1,
                      all > 0 ? 100 * histogram[i].get<double>() / all : 0.0);
        out += text;
    }
    return out;
}

double value(const nlohmann::json& x) {
    return x.is_number() ? x.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// The interval of the difference and the control, where they were measured.
std::string chance_text(const nlohmann::json& row) {
    if (!row.contains("control")) return {};
    const auto& difference = row.at("difference");
    char text[200];
    std::snprintf(text, sizeof text,
                  "; loss %+.4f [%+.4f, %+.4f], n = %s sequences; %s random draws: perplexity %.4f",
                  value(difference.at("mean")), value(difference.at("ci95")[0]),
                  value(difference.at("ci95")[1]), shown(difference.at("n")).c_str(),
                  shown(row.at("control").at("draws")).c_str(),
                  value(row.at("control").at("perplexity")));
    return text;
}

std::string describe_run(const nlohmann::json& j) {
    constexpr const char* kRow = "%-9s %9.3f %7.1f%% %11.4f %+8.2f%% %9.3f %8.3f %7.1f%%  ";
    const auto& base = j.at("base");
    std::string out = j.at("run").get<std::string>() + ", step " + shown(j.at("step")) + ", " +
                      shown(j.at("tokens")) + " tokens, medians of " + shown(j.at("repeats")) +
                      " timed passes\n" +
                      "epsilon        hops   saving  perplexity     delta   seconds  in MoE  MoE "
                      "time  hops run\n";
    const auto line = [&](const std::string& name, const nlohmann::json& row, double delta) {
        out += cells(kRow, name, value(row.at("mean_hops")), value(row.at("saving")),
                     value(row.at("perplexity")), delta, value(row.at("seconds")),
                     value(row.at("moe_seconds")),
                     value(row.at("moe_seconds")) / value(base.at("moe_seconds"))) +
               depth_text(row.at("depth_histogram")) + chance_text(row) + "\n";
    };
    line("none", base, 0);
    for (const auto& row : j.at("rows"))
        line(shown(row.at("epsilon")), row, value(row.at("delta_percent")));
    return out;
}

std::string describe_halting(const std::string& text) {
    const auto j = nlohmann::json::parse(text);
    if (!j.contains("runs")) return describe_run(j);
    std::string out;
    for (const auto& run : j.at("runs")) out += (out.empty() ? "" : "\n") + describe_run(run);
    return out;
}

int halting(const HaltingCall& call, const Environment& environment) {
    environment.before_computing();
    core::lab::HaltingOptions options = call.options;
    auto dirs = category_dirs(call.categories);
    if (!dirs) return report(dirs.error(), environment);
    if (options.controls > 0) options.category_dirs = std::move(*dirs);
    return deliver(with_progress(core::lab::halting, options, environment), call.output,
                   environment, describe_halting);
}

}  // namespace

void add_halting(CLI::App& root, Work& work) {
    declare<HaltingCall>(root, "halting", "What halting saves and costs, with measured time",
                         "hopscope halting runs/first --eps 0.02,0.05,0.1 --json", work, describe,
                         halting);
}

}  // namespace hopscope::app
