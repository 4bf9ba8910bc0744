// Drawing the next token of a text. Pure functions of plain numbers, any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace hopscope::core::lab {

struct Sampling {
    double temperature = 1;  ///< 0: the most likely token
    double top_p = 1;        ///< (0, 1]: only the fewest tokens whose probabilities reach it
};

/// Index of the token that `draw`, uniform in [0, 1), picks: ln P of each token [V] is divided by
/// the temperature and normalised; the tokens are ordered by falling probability, ties by index,
/// and cut once their sum reaches top_p; the rest is normalised again and `draw` falls into it.
size_t pick_token(const std::vector<float>& log_p, const Sampling& sampling, double draw);

}  // namespace hopscope::core::lab
