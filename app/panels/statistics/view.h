// What the statistics panel shows of snapshots and of the scalar records, computed without ImGui:
// collinearity of centroids, loads, overlap of hops and of steps, confidence, norms. Pure
// functions; the collinearity is made aside, the rest on the window thread when a snapshot comes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/state/archive.h"
#include "app/state/history.h"
#include "core/api/snapshot.h"
#include "viz/similarity.h"

namespace hopscope::app {

inline constexpr size_t kMatrixRows = 256;  ///< more experts are shown by a part of them
enum class RowOrder { similarity, load };
const char* name_of(RowOrder order);

/// Pairwise cosines of the centroids of one layer.
struct Collinearity {
    RowOrder order = RowOrder::similarity;
    int64_t step = 0, layer = 0, experts = 0;
    std::vector<int32_t> shown;  ///< [n ≤ kMatrixRows] the expert of each row
    std::vector<float> cosines;  ///< [n, n]
    viz::SimilaritySummary all;  ///< over all experts, shown or not
    int64_t width = 0;           ///< of the space: the highest rank
    bool empty() const { return shown.empty(); }
};
/// Empty where the router has no centroids. Up to tens of milliseconds: not on the window thread.
Collinearity collinearity_of(const core::GeometrySnapshot& snapshot, size_t layer, RowOrder order);
/// "256 of 1,024 experts, evenly over the ranks of load; order: similarity".
std::string caption_of(const Collinearity& c);

/// The load of the experts of a layer, sorted.
struct Utilisation {
    std::vector<int32_t> experts;  ///< falling load
    std::vector<double> ranks;     ///< 1 … experts
    std::vector<double> loads;     ///< × uniform, falling; NaN for experts without a choice
    int64_t unused = 0;
    double cv = 0;  ///< std / mean, as the records have it
    double max_over_mean = 0;
};
/// False before the first update: nothing was counted yet.
bool has_load(const core::LayerGeometry& layer);
Utilisation utilisation_of(const core::LayerGeometry& layer);

/// [layers, hops − 1] Jaccard of consecutive hops, NaN for layers of fewer hops; empty where no
/// layer has two.
struct LayerOverlap {
    int64_t layers = 0, pairs = 0;
    std::vector<float> jaccard;
};
LayerOverlap layer_overlap(const core::GeometrySnapshot& snapshot);

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
    std::vector<float> jaccard;    ///< [steps, steps] mean over tokens and hops [def:jaccard]
    int64_t tokens = 0, hops = 0;  ///< each number is the mean of tokens × hops sets
};
inline constexpr size_t kOverlapSteps = 8;  ///< and the newest
/// Of the steps whose sample was routed anew, spread evenly.
StepOverlap step_overlap(const Past& past, size_t layer);

/// One quantity of each layer over the newest updates.
struct LayerMeans {
    std::vector<double> mean, low, high;  ///< [layers] low and high: range over these updates
    int64_t updates = 0;
    bool any() const;
};
inline constexpr size_t kMeanUpdates = 20;
/// Entropy of the full softmax in nats, and its highest probability [def:entropy] [def:max_prob].
LayerMeans entropy_by_layer(const History& history);
LayerMeans max_prob_by_layer(const History& history);

/// Mean norms over the tokens of a traced prompt: what attention and what the experts add to the
/// residual stream.
struct LayerNorms {
    std::vector<double> attention, experts;  ///< [layers]; NaN where not measured
    int64_t tokens = 0, step = 0;
};
LayerNorms norms_of(const core::TraceResult& trace);

}  // namespace hopscope::app
