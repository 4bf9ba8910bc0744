#include "core/base/half.h"

#include <bit>
#include <cstring>

namespace hopscope::core {

uint16_t half_from_float(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {  // NaN: never let an all-zero payload turn it into infinity
        const uint32_t payload = (magnitude >> 13) & 0x3ffu;
        return static_cast<uint16_t>(sign | 0x7c00u | (payload != 0 ? payload : 0x200u));
    }
    if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // ≥ 65520 → inf
    uint32_t mantissa = 0;  // with the implicit bit where it lies outside the target's field
    uint32_t shift = 13;
    uint32_t base = 0;
    if (magnitude >= 0x38800000u) {  // ≥ 2^-14: a normal half
        base = (magnitude >> 13) - (112u << 10);
        mantissa = magnitude;
    } else {
        const uint32_t exponent = magnitude >> 23;
        if (exponent < 102) return sign;  // < 2^-25: rounds to zero
        mantissa = (magnitude & 0x7fffffu) | 0x800000u;
        shift = 126 - exponent;
        base = mantissa >> shift;
    }
    const uint32_t rest = mantissa & ((1u << shift) - 1);
    const uint32_t tie = 1u << (shift - 1);
    // A carry out of the mantissa raises the exponent, which is just what rounding up needs.
    if (rest > tie || (rest == tie && (base & 1u))) ++base;
    return static_cast<uint16_t>(sign | base);
}

float float_from_half(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t mantissa = half & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
    if (exponent != 0)
        return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
    if (mantissa == 0) return std::bit_cast<float>(sign);
    uint32_t shifted_exponent = 113;  // subnormal halves are normal floats
    while (!(mantissa & 0x400u)) {
        mantissa <<= 1;
        --shifted_exponent;
    }
    return std::bit_cast<float>(sign | (shifted_exponent << 23) | ((mantissa & 0x3ffu) << 13));
}

std::vector<uint16_t> halves_from_floats(std::span<const float> values) {
    std::vector<uint16_t> halves(values.size());
    for (size_t i = 0; i < values.size(); ++i) halves[i] = half_from_float(values[i]);
    return halves;
}

std::vector<float> floats_from_halves(std::span<const std::byte> bytes) {
    std::vector<float> values(bytes.size() / 2);
    for (size_t i = 0; i < values.size(); ++i) {
        uint16_t half = 0;
        std::memcpy(&half, bytes.data() + 2 * i, 2);
        values[i] = float_from_half(half);
    }
    return values;
}

}  // namespace hopscope::core
