// Whether an expert's router score foretells how strongly it fires [def:score_coupling]: statistics
// of a ScoreSample. Pure functions of plain data, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/measure/score_sample.h"

namespace hopscope::core {

/// Fewest pairs of a (layer, expert) that is looked at.
inline constexpr int64_t kLeastPairs = 128;

struct ExpertCoupling {
    int64_t layer = 0, expert = 0, n = 0;
    double rho = 0;  ///< Spearman of score and activation
};

/// Activations of the pairs in one tenth of the scores, both z-scored per expert.
struct Decile {
    int64_t n = 0;
    double score = 0;                      ///< mean
    double median = 0, low = 0, high = 0;  ///< activation; quartiles
};

struct RankEffect {
    std::vector<BatchMean> score;  ///< [layers] mean router score at this rank
    BatchMean norm;                ///< ‖read rows · h‖ z-scored per expert, over all layers
};

struct ScoreCoupling {
    std::vector<ExpertCoupling> experts;  ///< with kLeastPairs or more, and a defined rho
    std::vector<Decile> deciles;          ///< ten, or none without such experts
    std::vector<RankEffect> ranks;        ///< [k]
    int64_t pairs = 0;                    ///< of these experts
};
ScoreCoupling score_coupling(const ScoreSample& sample);

/// Fewest pairs of an expert in the small sample that is looked at while a run trains.
inline constexpr int64_t kLeastLivePairs = 8;
/// What is recorded while a run trains (LayerScalars::score_spearman): the median of
/// ExpertCoupling::rho over the experts of each layer with kLeastLivePairs or more; NaN without
/// such an expert. Few pairs scatter each rho but shift none of them where score and activation
/// are independent.
std::vector<double> live_spearman(const ScoreSample& sample);

}  // namespace hopscope::core
