// Numbers that look drawn and are the same at every start: what made-up runs are made of.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace hopscope::gui_test {

/// A number in [−1, 1) that depends on its arguments alone.
inline float noise(uint64_t a, uint64_t b = 0, uint64_t c = 0) {
    uint64_t x = a * 0x9E3779B97F4A7C15ull + b * 0xBF58476D1CE4E5B9ull + c * 0x94D049BB133111EBull;
    x ^= x >> 31;
    x *= 0xD6E8FEB86659FD93ull;
    x ^= x >> 32;
    return static_cast<float>(x >> 40) / 8388608.0f - 1.0f;
}

inline uint64_t u(int64_t v) {
    return static_cast<uint64_t>(v);
}

inline void normalise(float* row, int64_t width) {
    float sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += row[i] * row[i];
    const float scale = 1.0f / std::sqrt(std::max(sum, 1e-12f));
    for (int64_t i = 0; i < width; ++i) row[i] *= scale;
}

}  // namespace hopscope::gui_test
