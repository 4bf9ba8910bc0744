// Analyses `jaccard` and `hop_divergence`: how alike are the expert sets of two hops, layers or
// steps (science.md E11, E12)?
#include <algorithm>

#include "core/config/arithmetic.h"
#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/lab/snapshot_series.h"
#include "core/stats/overlap.h"

namespace hopscope::core::analysis {
namespace {

/// Consecutive hops' Jaccard, or 1 − it.
Result<AnalysisOutput> hop_pairs(const AnalysisContext& context, bool divergence) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    std::vector<BatchMean> all;
    OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "hop", "next_hop", divergence ? "divergence" : "jaccard",
                         "ci95_low", "ci95_high"},
                        {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        OrderedJson pairs = OrderedJson::array(), ci = OrderedJson::array();
        const auto& jaccards = (*sample)->layers[l].jaccard;
        for (size_t p = 0; p < jaccards.size(); ++p) {
            BatchMean m = jaccards[p];
            if (divergence)
                for (double& x : m.batches) x = 1 - x;
            pairs.push_back(json_number(m.mean()));
            ci.push_back(with_interval(m, context.seed));
            table.rows.push_back({std::to_string(l), std::to_string(p), std::to_string(p + 1),
                                  csv_number(m.mean())});
            add_bounds(table.rows.back(), ci.back()["ci95"]);
            all.push_back(std::move(m));
        }
        layers.push_back(pairs);
        intervals.push_back(ci);
    }
    if (all.empty() && divergence)
        return usage_error("every layer has one hop: there are no consecutive hops");
    out.result = {{"per_layer", layers}};
    add_mean(out.result, all, context.seed);
    out.result["intervals"] = intervals;
    out.tables.push_back(std::move(table));
    return out;
}

/// Expected Jaccard of two k-sets drawn at random from pools of a and b experts, numbered from 0.
double random_jaccard(int64_t a, int64_t b, int64_t k) {
    // The larger pool holds the smaller one.
    return stats::expected_best(stats::overlap_distribution(std::max(a, b), k, k), 1,
                                [&](int64_t both) { return stats::jaccard_of(both, k, k); });
}

/// Index sets of the first hops of two layers.
void add_layer_pairs(AnalysisOutput& out, const RoutingSample& sample,
                     const AnalysisContext& context) {
    OrderedJson pairs = OrderedJson::array();
    AnalysisTable table{
        "layers", {"layer", "other_layer", "jaccard", "ci95_low", "ci95_high", "random"}, {}};
    const auto& moe = context.config.moe;
    const auto first_pool = [&](size_t l) {
        return pool_sizes(moe, moe.hops_of(static_cast<int64_t>(l)))[0];
    };
    for (size_t l = 0; l < sample.layer_jaccard.size(); ++l)
        for (size_t m = 0; m < l; ++m) {
            const auto& found = sample.layer_jaccard[l][m];
            auto pair = with_interval(found, context.seed);
            pair["layers"] = {m, l};
            pair["random"] = json_number(random_jaccard(first_pool(m), first_pool(l), moe.top_k));
            table.rows.push_back({std::to_string(m), std::to_string(l), csv_number(found.mean())});
            add_bounds(table.rows.back(), pair["ci95"]);
            table.rows.back().push_back(csv_cell(pair["random"]));
            pairs.push_back(std::move(pair));
        }
    out.result["between_layers"] = pairs;
    out.tables.push_back(std::move(table));
}

/// The same tokens' choices at two saved steps; a snapshot that cannot be read stands in the list
/// with the reason, and without numbers.
Status add_steps(AnalysisOutput& out, const AnalysisContext& context) {
    auto series = snapshot_series(context);
    if (!series) return series.error();
    OrderedJson steps = OrderedJson::array();
    AnalysisTable table{
        "steps", {"from", "to", "layer", "jaccard", "ci95_low", "ci95_high", "tokens"}, {}};
    for (const auto& step : series->consecutive) {
        OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array();
        int64_t tokens = 0;
        for (size_t l = 0; l < step.layers.size(); ++l) {
            const ChangeMean& found = step.layers[l].jaccard;
            tokens = std::max(tokens, found.n);
            layers.push_back(json_number(found.mean));
            intervals.push_back(json_interval(found.ci95.low, found.ci95.high));
            table.rows.push_back({std::to_string(step.from), std::to_string(step.to),
                                  std::to_string(l), csv_number(found.mean),
                                  csv_number(found.ci95.low), csv_number(found.ci95.high),
                                  std::to_string(found.n)});
        }
        steps.push_back({{"from", step.from},
                         {"to", step.to},
                         {"per_layer", layers},
                         {"per_layer_ci95", intervals},
                         {"n", tokens}});
    }
    for (const auto& one : series->damaged)
        steps.push_back({{"from", nullptr},
                         {"to", one.step},
                         {"per_layer", OrderedJson::array()},
                         {"per_layer_ci95", OrderedJson::array()},
                         {"n", 0},
                         {"damaged", one.reason}});
    out.result["between_steps"] = steps;
    out.tables.push_back(std::move(table));
    return {};
}

}  // namespace

Result<AnalysisOutput> jaccard(const AnalysisContext& context) {
    auto out = hop_pairs(context, false);
    if (!out) return out;
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    add_layer_pairs(*out, **sample, context);
    if (auto s = add_steps(*out, context); !s) return s.error();
    return out;
}

Result<AnalysisOutput> hop_divergence(const AnalysisContext& context) {
    return hop_pairs(context, true);
}

}  // namespace hopscope::core::analysis
