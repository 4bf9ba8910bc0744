// The analyses of product.md section 7 that read a model: measurements (core/measure) as documents
// with n, intervals over batches, and tables.
#include <algorithm>
#include <cmath>

#include "core/config/arithmetic.h"
#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/stats/descriptive.h"
#include "core/train/engine.h"

namespace hopscope::core::analysis {
namespace {

/// One number a layer, from the shared sample: {"per_layer", "mean", …, "intervals"}.
OrderedJson layers_json(const RoutingSample& sample, BatchMean LayerSample::*field, uint64_t seed) {
    OrderedJson out{{"per_layer", OrderedJson::array()}};
    OrderedJson intervals = OrderedJson::array();
    std::vector<BatchMean> parts;
    for (const LayerSample& layer : sample.layers) {
        parts.push_back(layer.*field);
        intervals.push_back(with_interval(parts.back(), seed));
        out["per_layer"].push_back(intervals.back()["mean"]);
    }
    add_mean(out, parts, seed);
    out["intervals"] = intervals;
    return out;
}

/// Columns NAME, ci95_low, ci95_high for each of `names` (of several: NAME_ci95_low, …), a row a
/// layer.
AnalysisTable layers_table(const std::vector<std::pair<std::string, const OrderedJson*>>& columns) {
    AnalysisTable table{"", {"layer"}, {}};
    for (const auto& [name, json] : columns) {
        const std::string prefix = columns.size() > 1 ? name + "_" : "";
        for (const std::string& column : {name, prefix + "ci95_low", prefix + "ci95_high"})
            table.columns.push_back(column);
    }
    const size_t layers = (*columns.front().second)["intervals"].size();
    for (size_t l = 0; l < layers; ++l) {
        std::vector<std::string> row = {std::to_string(l)};
        for (const auto& [name, json] : columns) {
            const auto& one = (*json)["intervals"][l];
            row.push_back(csv_cell(one["mean"]));
            add_bounds(row, one["ci95"]);
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

/// One number a layer as an analysis of its own. Errors: usage with `missing` where no layer has
/// it.
Result<AnalysisOutput> per_layer(const AnalysisContext& context, const char* column,
                                 BatchMean LayerSample::*field, const char* missing) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    out.result = layers_json(**sample, field, context.seed);
    if (out.result["mean"].is_null()) return usage_error(missing);
    out.tables.push_back(layers_table({{column, &out.result}}));
    return out;
}

Result<Evaluation> evaluate_with(const AnalysisContext& context, const Controls& controls) {
    auto source = context.measured->source(context.progress, kAnalysisBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    return evaluate(run.config, run.weights, **source, kAnalysisBatches, controls,
                    context.progress);
}

/// Perplexity before and after a control, with the paired interval of the loss difference.
Result<AnalysisOutput> before_after(const AnalysisContext& context, const Controls& controls,
                                    const char* after_name, bool with_jaccard) {
    auto found = context.measured->base(context.progress);
    if (!found) return found.error();
    const Evaluation* base = *found;
    auto changed = evaluate_with(context, controls);
    if (!changed) return changed.error();
    AnalysisOutput out;
    out.n = base->tokens;
    out.result = perplexities(*base, *changed, after_name, context.seed);
    AnalysisTable table{
        "",
        {"model", "perplexity", "loss", "loss_difference", "ci95_low", "ci95_high"},
        {{"base", csv_number(std::exp(base->loss)), csv_number(base->loss), "", "", ""},
         {after_name, csv_number(std::exp(changed->loss)), csv_number(changed->loss),
          csv_number(changed->loss - base->loss)}}};
    add_bounds(table.rows.back(), out.result["ci95"]);
    if (with_jaccard) {
        const auto mean = [](const std::vector<std::vector<double>>& layers) {
            std::vector<double> all;
            for (const auto& layer : layers) all.insert(all.end(), layer.begin(), layer.end());
            return stats::mean(all);
        };
        const double before = mean(base->jaccard), after = mean(changed->jaccard);
        out.result["jaccard_base"] = json_number(before);
        out.result[std::string("jaccard_") + after_name] = json_number(after);
        table.columns.emplace_back("jaccard");
        table.rows[0].push_back(csv_number(before));
        table.rows[1].push_back(csv_number(after));
    }
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace

Result<AnalysisOutput> echo(const AnalysisContext& context) {
    return per_layer(context, "echo", &LayerSample::echo,
                     "every layer has one hop: there is no second update to compare");
}

Result<AnalysisOutput> displacement(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    out.result = layers_json(**sample, &LayerSample::displacement, context.seed);
    // Every router updates the stream, whether it has positions to move or not.
    if (out.result["mean"].is_null())
        out.result["reason"] = "no layer moves its routing position (one hop, or no positions)";
    out.result["relative_update"] =
        layers_json(**sample, &LayerSample::relative_update, context.seed);
    out.tables.push_back(layers_table(
        {{"displacement", &out.result}, {"relative_update", &out.result["relative_update"]}}));
    return out;
}

Result<AnalysisOutput> norms(const AnalysisContext& context) {
    return per_layer(context, "norm_ratio", &LayerSample::norm_ratio, "no layers");
}

Result<AnalysisOutput> confidence(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "entropy", "entropy_ci95_low", "entropy_ci95_high", "max_prob",
                         "max_prob_ci95_low", "max_prob_ci95_high", "uniform_entropy"},
                        {}};
    // What even use would give: of each layer the mean over its hops of ln(pool size).
    std::vector<double> uniform;
    const auto& config = context.config;
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& s = (*sample)->layers[l];
        if (s.entropy.batches.empty())
            return usage_error("a hash router has no probabilities to be confident about");
        std::vector<double> even;
        for (const int64_t size :
             pool_sizes(config.moe, config.moe.hops_of(static_cast<int64_t>(l))))
            even.push_back(std::log(static_cast<double>(size)));
        uniform.push_back(stats::mean(even));
        layers.push_back({{"entropy", json_number(s.entropy.mean())},
                          {"max_prob", json_number(s.max_prob.mean())},
                          {"entropy_interval", with_interval(s.entropy, context.seed)},
                          {"max_prob_interval", with_interval(s.max_prob, context.seed)},
                          {"uniform_entropy", json_number(uniform.back())}});
        std::vector<std::string> row = {std::to_string(l)};
        for (const char* key : {"entropy", "max_prob"}) {
            row.push_back(csv_cell(layers.back()[key]));
            add_bounds(row, layers.back()[std::string(key) + "_interval"]["ci95"]);
        }
        row.push_back(csv_number(uniform.back()));
        table.rows.push_back(std::move(row));
    }
    out.result = {{"layers", layers}, {"uniform_entropy", json_number(stats::mean(uniform))}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> load(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"", {"layer", "expert", "choices"}, {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& counts = (*sample)->layers[l].counts;
        std::vector<double> x(counts.begin(), counts.end());
        auto sorted = x;
        std::sort(sorted.rbegin(), sorted.rend());
        double total = 0, top5 = 0;
        for (size_t i = 0; i < sorted.size(); ++i) {
            total += sorted[i];
            if (i < 5) top5 += sorted[i];
        }
        layers.push_back({{"counts", counts},
                          {"gini", json_number(stats::gini(x))},
                          {"cv", json_number(stats::coefficient_of_variation(x))},
                          {"max_over_mean", json_number(sorted.front() / stats::mean(x))},
                          {"dead", std::count(counts.begin(), counts.end(), 0)},
                          {"top5_share", json_number(total > 0 ? top5 / total : 0)},
                          {"effective_experts", json_number(stats::effective_number(x))}});
        for (size_t e = 0; e < counts.size(); ++e)
            table.rows.push_back({std::to_string(l), std::to_string(e), std::to_string(counts[e])});
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> zeroing(const AnalysisContext& context) {
    Controls controls;
    controls.zero_experts = true;
    return before_after(context, controls, "zeroed", false);
}

Result<AnalysisOutput> frozen_routing(const AnalysisContext& context) {
    Controls controls;
    controls.freeze_routing = true;
    return before_after(context, controls, "frozen", true);
}

}  // namespace hopscope::core::analysis
