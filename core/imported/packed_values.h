// Numbers of expert matrices that are stored in fewer bits, with a scale for each block of them.
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hopscope::core {

/// fp8 with one scale for each block of rows × columns.
struct BlockScales {
    int64_t rows = 128, columns = 128;  ///< of a block
    int64_t across = 0;                 ///< blocks beside each other
    std::vector<float> values;          ///< [blocks below each other, across]
};
/// Multiplies rows [count, columns] that begin with row `first` of the matrix by their scales.
void apply_scales(const BlockScales& scales, int64_t first, int64_t columns,
                  std::span<float> values);

/// Numbers in a block of mxfp4, two in a byte.
inline constexpr int64_t kPackedBlock = 32;
/// Blocks of 16 bytes, the low half of each byte first, and a scale 2^(s − 127) for each block, as
/// fp32: exact. One whose scale no fp32 holds is infinite.
std::vector<float> unpacked(std::string_view blocks, std::string_view scales);

}  // namespace hopscope::core
