// Products of all rows with all rows, block by block: whole, 30,000 rows would need gigabytes that
// no plan of the memory counts. Pure function, any thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hopscope::core {

/// Numbers in one block: 64 MiB in fp32. Up to 4096 rows and columns are one block, so that for
/// usual sizes no sum is taken in another order.
inline constexpr int64_t kBlockEntries = int64_t{1} << 24;

/// Calls use(begin, count) for consecutive blocks of the rows of a matrix [rows, columns].
template <class Use>
void each_row_block(int64_t rows, int64_t columns, Use use) {
    const int64_t most = std::max<int64_t>(1, kBlockEntries / std::max<int64_t>(1, columns));
    for (int64_t begin = 0; begin < rows; begin += most) use(begin, std::min(most, rows - begin));
}

}  // namespace hopscope::core
