// What a token tells about the experts it is routed to: mutual information of its label and the
// chosen expert [def:mutual_information], beside what chance gives so small a sample. Pure
// functions, up to some hundred milliseconds for large models: made aside.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/sampled.h"

namespace hopscope::app {

inline constexpr int64_t kShuffles = 100;  ///< of the labels, for the control

enum class TokenLabel { id, word_class };
const char* name_of(TokenLabel label);

/// Of one layer, over all its hops, nats.
struct LayerInformation {
    double nats = core::kNaN;  ///< of the sample as it is: too high, the more the smaller it is
    double chance = core::kNaN, chance_low = core::kNaN,
           chance_high = core::kNaN;  ///< labels shuffled: mean, and 95 % of the shuffles
    double above = core::kNaN;        ///< nats − chance
    viz::Interval above_ci95;         ///< jackknife over tokens
    double p = core::kNaN;            ///< shuffles that reach nats, (count + 1) / (shuffles + 1)
    double entropy = core::kNaN;      ///< of the experts chosen: what there is to be told
};

struct Information {
    TokenLabel label = TokenLabel::id;
    int64_t step = 0, tokens = 0, labels = 0;  ///< labels: different ones
    std::vector<LayerInformation> layers;      ///< NaN where a layer does not route
    bool empty() const { return tokens == 0; }
};
/// Of the tokens that have a label; empty where none has.
Information information_of(const core::GeometrySnapshot& snapshot, TokenLabel label);

/// Mutual information in nats of labels [tokens] in 0 … `count` − 1 and experts [tokens, choices]
/// in 0 … `experts` − 1, each choice counting alike.
double mutual_information(std::span<const int32_t> labels, size_t count,
                          std::span<const int32_t> experts, size_t expert_count);

}  // namespace hopscope::app
