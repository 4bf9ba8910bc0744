#include "app/window/routing_stats.h"

namespace hopscope::app {
namespace {

using S = RoutingStat;
using L = core::LayerScalars;

constexpr std::array<RoutingStatRow, kRoutingStats> kRows{{
    {S::entropy, "entropy", "routing entropy, nats", &L::entropy, false},
    {S::max_prob, "highest probability", "highest routing probability, mean", &L::max_prob, false},
    {S::jaccard, "Jaccard of hops", "Jaccard, consecutive hops", &L::jaccard, false},
    {S::load_cv, "load CV", "load, std / mean", &L::load_cv, false},
    {S::load_max_over_mean, "highest load", "load, highest / mean", &L::load_max_over_mean, false},
    {S::dead, "dead experts", "experts without a token", &L::dead, false},
    {S::tau, "tau", "tau, scale of the cosine", &L::tau, false},
    {S::moe_scale, "output scale", "scale of the layer's output", &L::moe_scale, false},
    {S::coupling, "coupling", "cosine, router row and read row", &L::coupling, true},
    {S::collinearity, "collinearity", "cosine of router rows, mean of pairs", &L::collinearity,
     true},
    {S::nearest_cosine, "nearest row", "cosine to the nearest router row, mean", &L::nearest_cosine,
     true},
    {S::score_spearman, "score Spearman", "Spearman, score and activation", &L::score_spearman,
     true},
    {S::gradient_cosine, "gradient cosine", "cosine of gradients, router and read row",
     &L::gradient_cosine, true},
}};

constexpr bool in_order() {
    for (size_t i = 0; i < kRows.size(); ++i)
        if (static_cast<size_t>(kRows[i].stat) != i) return false;
    return true;
}
static_assert(in_order(), "a row stands at the place of its statistic");

}  // namespace

const std::array<RoutingStatRow, kRoutingStats> kRoutingStatRows = kRows;

}  // namespace hopscope::app
