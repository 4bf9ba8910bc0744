#include "app/state/routing_stats.h"

namespace hopscope::app {
namespace {

using S = RoutingStat;
using L = core::LayerScalars;

using N = core::Need;

constexpr N kScores[] = {N::scores};
constexpr N kHops[] = {N::several_hops};
constexpr N kTau[] = {N::score_scale};
constexpr N kScale[] = {N::output_scale};
constexpr N kRows[] = {N::rows};
constexpr N kReads[] = {N::rows, N::reading_experts};
constexpr N kBothLearn[] = {N::learning_rows, N::reading_experts};

constexpr std::array<RoutingStatRow, kRoutingStats> kTable{{
    {S::entropy, "entropy", "routing entropy, nats",
     "Entropy of the softmax over all experts, mean over tokens and hops", kScores, &L::entropy,
     false},
    {S::max_prob, "highest probability", "highest routing probability",
     "Largest probability of the softmax over all experts, mean over tokens and hops", kScores,
     &L::max_prob, false},
    {S::jaccard, "Jaccard of hops", "Jaccard, consecutive hops",
     "Experts common to a hop and the next over experts of either, mean over tokens", kHops,
     &L::jaccard, false},
    {S::load_cv,
     "load CV",
     "load, std / mean",
     "Choices an expert gets in a batch: standard deviation over mean",
     {},
     &L::load_cv,
     false},
    {S::load_max_over_mean,
     "load max/mean",
     "load, max / mean",
     "Choices of the busiest expert in a batch over the mean",
     {},
     &L::load_max_over_mean,
     false},
    {S::load_q10,
     "load, 10 % quantile",
     "choices an expert, 10 % quantile",
     "A tenth of the experts get at most so many choices in a batch",
     {},
     &L::load_q10,
     false},
    {S::load_q50,
     "load, median",
     "choices an expert, median",
     "Half of the experts get at most so many choices in a batch",
     {},
     &L::load_q50,
     false},
    {S::load_q90,
     "load, 90 % quantile",
     "choices an expert, 90 % quantile",
     "Nine tenths of the experts get at most so many choices in a batch",
     {},
     &L::load_q90,
     false},
    {S::dead,
     "dead experts",
     "experts without a token",
     "Experts that no token of the batch chose",
     {},
     &L::dead,
     false},
    {S::tau, "tau", "tau, scale of the cosine", "Factor of the cosine before the softmax", kTau,
     &L::tau, false},
    {S::moe_scale, "output scale", "scale of the layer's output",
     "Learned factor of what the hops add to the residual stream", kScale, &L::moe_scale, false},
    {S::coupling, "coupling", "cosine of router row and read row, mean",
     "cos(r_i, w_down_i), mean over experts; r_i the router's row in model space", kReads,
     &L::coupling, true},
    {S::collinearity, "collinearity", "cosine of pairs of router rows, mean",
     "Cosine of two different router rows, mean over all pairs", kRows, &L::collinearity, true},
    {S::nearest_cosine, "nearest neighbour", "cosine to the nearest router row, mean",
     "Largest cosine of a router row to another, mean over rows", kRows, &L::nearest_cosine, true},
    {S::score_spearman, "score Spearman", "Spearman of score and activation, median",
     "Rank correlation of routing score and activation over the tokens of the probe sample, median "
     "over experts",
     kReads, &L::score_spearman, true},
    {S::gradient_cosine, "gradient cosine", "cosine of gradients, router and read row, mean",
     "cos(\xE2\x88\x82L/\xE2\x88\x82r_i, \xE2\x88\x82L/\xE2\x88\x82w_down_i) of an update, mean "
     "over experts; r_i in model space",
     kBothLearn, &L::gradient_cosine, true},
}};

constexpr bool in_order() {
    for (size_t i = 0; i < kTable.size(); ++i)
        if (static_cast<size_t>(kTable[i].stat) != i) return false;
    return true;
}
static_assert(in_order(), "a row stands at the place of its statistic");

}  // namespace

const std::array<RoutingStatRow, kRoutingStats>& routing_stats() {
    return kTable;
}

}  // namespace hopscope::app
