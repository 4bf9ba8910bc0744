// Scores of the router beside what the chosen experts then do with the token, gathered by a probe
// in one plain pass [def:score_coupling] [def:density]. Thread: whoever owns the weights; results
// are plain.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/measure/routing_sample.h"
#include "core/model/hooks.h"

namespace hopscope::core {

/// Routed (token, expert) pairs of one layer, all hops; entry i of each list belongs to one pair.
struct RoutedPairs {
    std::vector<int32_t> expert;  ///< over all pools of the layer
    std::vector<int16_t> rank;    ///< 0 = first chosen
    std::vector<int16_t> batch;
    std::vector<float> score;       ///< router score of the expert, before the softmax
    std::vector<float> activation;  ///< mean over rank rows of SiLU(read row · h)
    std::vector<float> norm;        ///< ‖read rows · h‖₂
    size_t size() const { return expert.size(); }
};

struct LayerScores {
    /// Lowest score among the chosen minus the highest among the others, mean over tokens and hops:
    /// how far a choice is from being another one. Negative where a selection bias decides.
    BatchMean margin;
    /// Angle to the second nearest centroid minus that to the nearest, degrees; none where routing
    /// is by no angle.
    BatchMean angle_margin;
    RoutedPairs pairs;  ///< empty for static experts
};

struct ScoreSample {
    int64_t tokens = 0, batches = 0;
    int64_t stride = 1;  ///< pairs are of every stride-th token of each batch
    int64_t top_k = 0;
    std::vector<LayerScores> layers;
};

/// Pairs that are kept of one layer, about.
inline constexpr int64_t kMaxPairs = 1'500'000;

/// Gathers the routed pairs of a pass that the caller runs into `out`, every token of it and no
/// margins; nullptr where there are none (dense models, hash routers, static experts). Both
/// must outlive it.
std::unique_ptr<Probe> pairs_probe(const Model& model, ScoreSample& out);

/// @param most_pairs kept of one layer, about; more tokens than that are thinned evenly
/// Errors: usage for dense models and hash routers; interrupted.
Result<ScoreSample> sample_scores(const Model& model, const BatchSource& source, int64_t batches,
                                  const Progress& progress, int64_t most_pairs = kMaxPairs);

}  // namespace hopscope::core
