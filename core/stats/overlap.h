// How far sets drawn at random agree: the baseline of every "words in common" [def:best_match].
// Exact, from the hypergeometric distribution. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace hopscope::core::stats {

/// P(h of `drawn` different items are among the `marked` ones of a population), [h] for h = 0 …
/// min(marked, drawn). Sizes that cannot be (negative, larger than the population) are programming
/// faults (std::invalid_argument).
std::vector<double> overlap_distribution(int64_t population, int64_t marked, int64_t drawn);

/// E[max f(h)] over `draws` independent sets, f rising in h: 1 gives the mean of one draw.
double expected_best(const std::vector<double>& distribution, int64_t draws,
                     const std::function<double(int64_t)>& f);

}  // namespace hopscope::core::stats
