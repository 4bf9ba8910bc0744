// The order of the rows of a matrix of experts against experts, and which of them are drawn where
// there are more than a picture can show. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hopscope::app {

inline constexpr size_t kMatrixRows = 256;  ///< more experts are shown by a part of them
enum class RowOrder { similarity, load, cluster };
inline constexpr RowOrder kRowOrders[] = {RowOrder::similarity, RowOrder::load, RowOrder::cluster};
const char* name_of(RowOrder order);

/// The places in the list of experts by falling load, from top to bottom: as they are (load), like
/// beside like by `alike` [n, n] (similarity), or by the number of their cluster (cluster; those of
/// none, −1 or not known, come last).
std::vector<int32_t> places_in(RowOrder order, std::span<const float> alike,
                               std::span<const int32_t> experts,
                               std::span<const int64_t> cluster_of);
/// [n, n] with rows and columns in another order.
std::vector<float> in_order(std::span<const float> matrix, std::span<const int32_t> places);
std::vector<int32_t> in_order_of(std::span<const int32_t> experts, std::span<const int32_t> places);
/// "256 of 1,024 experts (every 4th by load), sorted by similarity".
std::string rows_in_words(int64_t shown, int64_t experts, RowOrder order);

}  // namespace hopscope::app
