#include "core/imported/packed_values.h"

#include <array>
#include <cmath>

namespace hopscope::core {

void apply_scales(const BlockScales& scales, int64_t first, int64_t columns,
                  std::span<float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
        const auto at = static_cast<int64_t>(i);
        const int64_t row = (first + at / columns) / scales.rows,
                      column = at % columns / scales.columns;
        values[i] *= scales.values[static_cast<size_t>(row * scales.across + column)];
    }
}

std::vector<float> unpacked(std::string_view blocks, std::string_view scales) {
    // Sign, two bits of exponent, one of mantissa.
    constexpr std::array<float, 8> kSizes = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    const auto number = [&](int bits) {
        const float size = kSizes[static_cast<size_t>(bits & 7)];
        return bits & 8 ? -size : size;
    };
    constexpr size_t kBytes = kPackedBlock / 2;
    std::vector<float> out;
    out.reserve(blocks.size() * 2);
    for (size_t i = 0; i < blocks.size(); ++i) {
        const int exponent = static_cast<uint8_t>(scales[i / kBytes]) - 127;
        const int both = static_cast<uint8_t>(blocks[i]);
        out.push_back(std::ldexp(number(both), exponent));
        out.push_back(std::ldexp(number(both >> 4), exponent));
    }
    return out;
}

}  // namespace hopscope::core
