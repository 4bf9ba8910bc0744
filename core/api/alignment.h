// How far router rows point where experts read [def:coupling], as plain numbers. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hopscope::core {

/// Router rows of one hop's pool against one matrix of the experts. With r_i the unit router row in
/// model space and V_k(j) the top-k right singular vectors of expert j's matrix [r, d]:
/// Score(i, j) = ‖V_k(j) r_i‖² (for rank 1: cos²). Lists hold one number an expert of the pool;
/// that of an expert whose matrix was left out is NaN.
struct Alignment {
    std::string matrix;                     ///< "down", "gate" or "up", as the tensor is called
    int64_t hop = -1;                       ///< −1: the same for all hops
    int64_t offset = 0;                     ///< first expert of the pool
    int64_t k = 1;                          ///< ⌈1 % of min(r, d)⌉
    double baseline = 0;                    ///< k / d: the mean score of a random direction
    std::vector<double> matched;            ///< Score(i, i)
    std::vector<double> mismatched;         ///< mean over j ≠ i of Score(i, j)
    std::vector<double> cosine;             ///< mean over the rank rows of cos(r_i, row of i)
    std::vector<double> cosine_mismatched;  ///< the same over the rows of all j ≠ i
    /// Index alignment a_j = <r_i, v_j>², v_j the j-th right singular vector of expert i: their
    /// sum over j (random: min(r, d) / d), and the share of it in the first ⌈1 %⌉ and ⌈10 %⌉ of
    /// the j.
    std::vector<double> energy, top1, top10;
};

}  // namespace hopscope::core
