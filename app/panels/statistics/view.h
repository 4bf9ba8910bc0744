// What the statistics panel shows of snapshots and of the scalar records, computed without ImGui:
// loads, overlap of hops and of steps, confidence, norms, each with the sample behind it. Pure
// functions, called on the window thread when a snapshot comes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/state/archive.h"
#include "app/state/history.h"
#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "viz/sampled.h"

namespace hopscope::app {

/// The load of the experts of a layer, sorted.
struct Utilisation {
    std::vector<int32_t> experts;  ///< falling load
    std::vector<double> ranks;     ///< 1 … experts
    std::vector<double> loads;     ///< × uniform, falling; NaN for experts without a choice
    int64_t unused = 0;
    double cv = 0;  ///< std / mean, as the records have it
    double max_over_mean = 0;
    double choices = 0;             ///< that the loads are of; NaN where not known
    double chance_cv = core::kNaN;  ///< of so many choices dealt evenly
};
/// How many choices the loads of a layer are worth after `step` updates: of a fading mean
/// [def:recent_load].
double recent_choices(const core::Config& config, const core::LayerGeometry& layer, int64_t step);
/// 95 % interval of a share of all choices, × uniform.
viz::Interval load_interval(double share, double choices, int64_t experts);
/// False before the first update: nothing was counted yet.
bool has_load(const core::LayerGeometry& layer);
Utilisation utilisation_of(const core::LayerGeometry& layer, double choices = core::kNaN);

/// Jaccard of what each token of the sample chose in two hops, by number within the pool
/// [def:jaccard], mean over the tokens; n 0 where the layer has no such hops.
viz::SampledMean hop_overlap(const core::LayerGeometry& layer, const core::MoeConfig& moe,
                             int64_t a, int64_t b);
/// [hops, hops] of these, row by row, all made at once.
std::vector<viz::SampledMean> hop_overlaps(const core::LayerGeometry& layer,
                                           const core::MoeConfig& moe);

/// [layers, hops − 1] Jaccard of consecutive hops, NaN for layers of fewer hops; empty where no
/// layer has two.
struct LayerOverlap {
    int64_t layers = 0, pairs = 0;
    std::vector<float> jaccard;
    std::vector<viz::SampledMean> sampled;  ///< the same, of the choices, with its interval
};
LayerOverlap layer_overlap(const core::GeometrySnapshot& snapshot, const core::MoeConfig& moe);

/// Experts × time of one layer, for the heatmap.
struct LoadMap {
    int64_t experts = 0, columns = 0;
    int64_t first_step = 0, last_step = 0;
    std::vector<int32_t> order;  ///< [experts] the expert of each row, falling present load
    /// [experts, columns] log2 of load × experts, column c showing the snapshot at or before its
    /// step; NaN before the first one. Experts without a choice: kUnused.
    std::vector<float> values;
    static constexpr float kLow = -3, kHigh = 3;  ///< ⅛ … 8 × uniform
    static constexpr float kUnused = -20;
    bool empty() const { return values.empty(); }
    /// Step at the middle of a column.
    int64_t step_of(int64_t column) const;
};
/// Snapshots of before the first update, which counted nothing, have no column.
LoadMap load_map(const Past& past, size_t layer, int64_t columns = 240);

/// How much of the routing of the probe sample stayed from one step to another.
struct StepOverlap {
    std::vector<int64_t> steps;
    std::vector<float> jaccard;       ///< [steps, steps] mean over tokens and hops [def:jaccard]
    std::vector<viz::Interval> ci95;  ///< [steps, steps] of these, over tokens
    int64_t tokens = 0, hops = 0;     ///< each number is the mean of tokens × hops sets
};
inline constexpr size_t kOverlapSteps = 8;  ///< and the newest
/// Of the steps whose sample was routed anew and is that of the last one, spread evenly.
StepOverlap step_overlap(const Past& past, size_t layer);

/// One quantity of each layer over the newest updates.
struct LayerMeans {
    std::vector<double> mean, low, high;  ///< [layers] low and high: range over these updates
    std::vector<viz::Interval> ci95;      ///< [layers] of the mean, over these updates
    int64_t updates = 0;
    int64_t tokens = 0;  ///< of a recording, whose tokens stand in place of updates
    bool any() const;
};
/// Entropies that were recorded of the tokens of an imported model's trace.
LayerMeans entropy_by_layer(const core::GeometrySnapshot& recorded);
inline constexpr size_t kMeanUpdates = 20;
/// Entropy of the full softmax in nats, and its highest probability [def:entropy] [def:max_prob].
LayerMeans entropy_by_layer(const History& history);
LayerMeans max_prob_by_layer(const History& history);

/// Mean norms over the tokens of a traced prompt: what attention and what the experts add to the
/// residual stream.
struct LayerNorms {
    std::vector<double> attention, experts;                   ///< [layers]; NaN where not measured
    std::vector<viz::Interval> attention_ci95, experts_ci95;  ///< of these, over tokens
    int64_t tokens = 0, step = 0;
};
LayerNorms norms_of(const core::TraceResult& trace);

}  // namespace hopscope::app
