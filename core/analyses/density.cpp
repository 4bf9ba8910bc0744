// Analysis `density`: how crowded is a routing space, and by how much is a choice decided
// [def:coupling]?
#include <cmath>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/measure/router_geometry.h"
#include "core/model/pools.h"
#include "core/probe/plan.h"

namespace hopscope::core::analysis {
namespace {

/// A mean over the pools of a layer, weighted by their rows: rows of two pools never compete, so
/// that neither their distance nor their common span says how crowded a hop is.
struct PoolMean {
    double sum = 0;
    int64_t rows = 0;
    void add(double value, int64_t n) {
        sum += value * static_cast<double>(n);
        rows += n;
    }
    double mean() const { return rows > 0 ? sum / static_cast<double>(rows) : NAN; }
};

Result<AnalysisOutput> density(const AnalysisContext& context) {
    auto scores = context.measured->scores(context.progress);
    if (!scores) return scores.error();
    const auto& run = context.measured->run();
    AnalysisOutput out;
    for (size_t l = 0; l < run.model.weights.layers.size(); ++l) {
        const auto rows = router_rows(run.model.weights.layers[l]);
        const auto pools = pools_of(run.model.config, static_cast<int64_t>(l));
        const auto& s = (*scores)->layers[l];
        PoolMean angle, rank, per_dimension;
        Fields layer;
        layer.list("pools");
        for (size_t p = 0; p < pools.size(); ++p) {
            const auto c = collinearity_of(rows.narrow(0, pools[p].offset, pools[p].size));
            if (c.n < 2) continue;  // a single row has no nearest one
            out.n += c.n;
            angle.add(c.nearest_angle, c.n);
            rank.add(c.effective_rank, c.n);
            per_dimension.add(c.per_dimension, c.n);
            Fields pool;
            pool.place("layer", static_cast<int64_t>(l));
            if (pools.size() > 1)
                pool.count("hop", static_cast<int64_t>(p));
            else
                pool.none("hop");
            pool.count("n", c.n, "rows")
                .number("nearest_angle_degrees", c.nearest_angle)
                .number("effective_rank", c.effective_rank)
                .number("per_effective_dimension", c.per_dimension);
            layer.add("pools", pool);
            out.table("pools").add(pool);
        }
        layer.place("layer", static_cast<int64_t>(l))
            .number("nearest_angle_degrees", angle.mean())
            .number("per_effective_dimension", per_dimension.mean())
            .number("effective_rank", rank.mean())
            .estimate("margin", over_batches(s.margin, context.seed))
            .estimate("angle_margin_degrees", over_batches(s.angle_margin, context.seed));
        out.result.add("layers", layer);
        out.table().add(layer);
    }
    out.result.count("tokens", (*scores)->tokens);
    return out;
}

}  // namespace

extern const Analysis kDensity{
    "density",
    {Need::model, Need::rows},
    "mean angle of a router row to its nearest, and rows per effective dimension, both among the "
    "rows of one pool (unrolled: one a hop), mean over pools weighted by rows. margin: lowest "
    "router score among the chosen - highest among the others, mean over tokens and hops (cosine: "
    "tau x cosine; negative where a selection bias decides); angle_margin_degrees: angle to the "
    "second nearest centroid - angle to the nearest. 95 % bootstrap intervals over validation "
    "batches. n: rows.",
    density};

}  // namespace hopscope::core::analysis
