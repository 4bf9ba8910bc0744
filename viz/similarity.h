// How alike the rows of a matrix are: cosines, their summary over all pairs, and an order that puts
// like beside like. Pure functions, any thread; what takes longer than a frame says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hopscope::viz {

/// Over all pairs of different rows [def:collinearity]. Rows with values that are not
/// finite, or of length 0, take no part.
struct SimilaritySummary {
    int64_t rows = 0;               ///< that took part
    int64_t pairs = 0;              ///< rows · (rows − 1) / 2
    float mean = 0, mean_size = 0;  ///< of the cosines and of their sizes; NaN below two rows
    float nearest = 0;              ///< mean over rows of the cosine of the nearest other row
    float largest = 0;              ///< highest cosine of a pair …
    int32_t a = -1, b = -1;         ///< … and the pair; −1 without
    float effective_rank = 0;       ///< exp(entropy of the normalised squared singular values)
    std::vector<float> nearest_of;  ///< [rows given] cosine of the nearest other row; NaN without
};

/// `rows` [n, width]. 33 million multiplications at n = 1024 and width 64: not within a frame.
SimilaritySummary summarise_similarity(std::span<const float> rows, int64_t width);

/// Two different rows and their cosine, a < b.
struct RowPair {
    int32_t a = -1, b = -1;
    float cosine = 0;
};
/// The `most` pairs of rows of [n, width] with the highest cosines, highest first; equals by their
/// rows. Rows without a direction are in none. As long as summarise_similarity().
std::vector<RowPair> closest_pairs(std::span<const float> rows, int64_t width, size_t most);

/// [which, which] cosines of the chosen rows of [n, width]; NaN where a row is unusable.
std::vector<float> cosines_of(std::span<const float> rows, int64_t width,
                              std::span<const int32_t> which);

/// A permutation of 0 … n−1 in which rows of high cosine stand together: the leaves of average
/// linkage over 1 − cosine, each pair of branches turned so that the ends that meet are the more
/// alike. `cosines` [n, n], symmetric; NaN counts as unlike. O(n²) in time and memory.
std::vector<int32_t> order_by_similarity(std::span<const float> cosines, size_t n);

/// At most `most` indices, evenly spread over the ranks of falling `keys`, in that order; all of
/// them where they are no more. Equal keys: lower index first.
std::vector<int32_t> spread_over_ranks(std::span<const float> keys, size_t most);

}  // namespace hopscope::viz
