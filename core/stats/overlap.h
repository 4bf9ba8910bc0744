// How far sets drawn at random agree: the baseline of every "words in common" [def:best_match].
// Exact, from the hypergeometric distribution. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace hopscope::core::stats {

/// P(h of `drawn` different items are among the `marked` ones of a population), [h] for h = 0 …
/// min(marked, drawn). Sizes that cannot be (negative, larger than the population) are programming
/// faults (std::invalid_argument).
std::vector<double> overlap_distribution(int64_t population, int64_t marked, int64_t drawn);

/// E[max f(h)] over `draws` independent sets, f rising in h: 1 gives the mean of one draw.
double expected_best(const std::vector<double>& distribution, int64_t draws,
                     const std::function<double(int64_t)>& f);

/// |A ∩ B| / |A ∪ B| of two sets of a and b items with h in common; 1 where both are empty.
double jaccard_of(int64_t h, int64_t a, int64_t b);

/// Items that two short lists have in common; no list holds an item twice, in whatever order.
int64_t common_items(std::span<const int32_t> a, std::span<const int32_t> b);
/// jaccard_of two such lists.
double jaccard_of(std::span<const int32_t> a, std::span<const int32_t> b);

}  // namespace hopscope::core::stats
