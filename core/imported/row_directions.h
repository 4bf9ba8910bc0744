// The rows of a linear router as directions: what of them a picture compares, and with how few
// coordinates. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hopscope::core {

/// W · diag(γ), γ [width] what the norm before the router multiplies by, or empty
/// [def:folded_rows].
void fold_gain(std::span<float> rows, std::span<const float> gain);
/// Takes their mean away from all rows [experts, width]; no softmax over their products sees it.
void centre_rows(std::span<float> rows, int64_t experts);

/// Makes rows of `width` numbers unit rows; one without length stays zero. → their lengths.
std::vector<float> unit_rows(std::span<float> rows, int64_t width);

struct RowDirections {
    int64_t dim = 0;            ///< min(experts, width)
    std::vector<float> unit;    ///< [experts, dim] unit rows; one without length stays zero
    std::vector<float> length;  ///< [experts]
};
/// The rows [experts, width] as unit rows. Where they are wider than they are many, they are given
/// in an orthonormal basis of the space they span, by falling variance: with the same cosines (to
/// fp32) and a fraction of the numbers.
RowDirections row_directions(std::span<const float> rows, int64_t experts);

}  // namespace hopscope::core
