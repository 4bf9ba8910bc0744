// Analysis `jaccard`: how alike are the expert sets of two hops, layers or steps [def:jaccard]?
#include "core/analyses/jaccard.h"

#include <algorithm>

#include "core/analyses/batch_means.h"
#include "core/analyses/hop_pairs.h"
#include "core/analyses/measured.h"
#include "core/analyses/snapshot_series.h"
#include "core/base/sets.h"
#include "core/config/arithmetic.h"
#include "core/stats/overlap.h"

namespace hopscope::core::analysis {
namespace {

void add_layer_pairs(AnalysisOutput& out, const RoutingSample& sample,
                     const AnalysisContext& context) {
    const auto& moe = context.config.moe;
    const auto first_pool = [&](size_t l) {
        return pool_sizes(moe, moe.hops_of(static_cast<int64_t>(l)))[0];
    };
    out.result.list("between_layers");
    out.table("layers").declare(layer_pair(0, 0, {}, 0));
    for (size_t l = 0; l < sample.layer_jaccard.size(); ++l)
        for (size_t m = 0; m < l; ++m) {
            const Fields pair = layer_pair(static_cast<int64_t>(m), static_cast<int64_t>(l),
                                           over_batches(sample.layer_jaccard[l][m], context.seed),
                                           random_jaccard(first_pool(m), first_pool(l), moe.top_k));
            out.result.add("between_layers", pair);
            out.table("layers").add(pair);
        }
}

/// A row of the same tokens' choices at two saved steps.
Fields step_row(int64_t from, int64_t to, size_t layer, const Estimate& found) {
    Fields row;
    row.place("from", from)
        .place("to", to)
        .place("layer", static_cast<int64_t>(layer))
        .estimate("jaccard", found)
        .place("tokens", found.n);
    return row;
}

/// A snapshot that cannot be read stands in the list with the reason, and without numbers.
Status add_steps(AnalysisOutput& out, const AnalysisContext& context) {
    auto series = snapshot_series(context);
    if (!series) return series.error();
    out.result.list("between_steps");
    Table& table = out.table("steps");
    table.declare(step_row(0, 0, 0, {}));
    for (const auto& step : series->consecutive) {
        Estimates layers;
        for (size_t l = 0; l < step.layers.size(); ++l) {
            layers.add(step.layers[l].jaccard);
            table.add(step_row(step.from, step.to, l, step.layers[l].jaccard));
        }
        Fields between;
        between.count("from", step.from).count("to", step.to).estimates("per_layer", layers);
        out.result.add("between_steps", between);
    }
    for (const auto& one : series->damaged) {
        Fields between;
        between.none("from").count("to", one.step).list("per_layer").text("damaged", one.reason);
        out.result.add("between_steps", between);
    }
    return {};
}

Result<AnalysisOutput> jaccard(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    const auto pairs = hop_pairs(**sample, false, "jaccard", context.seed, out.table());
    out.result.plain_estimates("per_layer", pairs.per_layer).plain_estimate("mean", pairs.mean);
    add_layer_pairs(out, **sample, context);
    if (auto s = add_steps(out, context); !s) return s.error();
    return out;
}

}  // namespace

double random_jaccard(int64_t a, int64_t b, int64_t k) {
    // The larger pool holds the smaller one.
    return stats::expected_best(stats::overlap_distribution(std::max(a, b), k, k), 1,
                                [&](int64_t both) { return jaccard_of(both, k, k); });
}

Fields layer_pair(int64_t layer, int64_t other, const Estimate& found, double random) {
    Fields out;
    out.json("layers", {layer, other})
        .place("layer", layer)
        .place("other_layer", other)
        .estimate("jaccard", found)
        .number("random", random);
    return out;
}

extern const Analysis kJaccard{
    "jaccard",
    {Need::model, Need::routing},
    "|A ∩ B| / |A ∪ B| of the expert sets of consecutive hops, indices within the pool; mean over "
    "tokens; mean = over layers and pairs. 95 % bootstrap intervals over validation batches. "
    "between_layers: the same of the first hops of two layers, whose experts have only their "
    "number in common; random: two sets drawn evenly. between_steps: the same hop of the same "
    "probe tokens in consecutive saved snapshots, mean and 95 % bootstrap interval over tokens; "
    "damaged: why a snapshot cannot be read. n: tokens.",
    jaccard};

}  // namespace hopscope::core::analysis
