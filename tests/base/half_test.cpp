#include "core/base/half.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::core {
namespace {

/// The value by definition, without bit tricks: sign · 2^(e−15) · (1 + m/1024), or m · 2^−24.
double defined_value(uint16_t half) {
    const int exponent = (half >> 10) & 31, mantissa = half & 1023;
    const double sign = half & 0x8000 ? -1 : 1;
    return sign *
           (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

// Wrong if any stored centroid or position reads back as another number.
TEST(Half, AllValuesReadAsDefinedAndSurviveTheRoundTrip) {
    for (uint32_t i = 0; i < 65536; ++i) {
        const auto half = static_cast<uint16_t>(i);
        const float value = float_from_half(half);
        const int exponent = (half >> 10) & 31, mantissa = half & 1023;
        if (exponent == 31 && mantissa != 0) {
            ASSERT_TRUE(std::isnan(value)) << i;
        } else if (exponent == 31) {
            ASSERT_TRUE(std::isinf(value)) << i;
            ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << i;
        } else {
            ASSERT_EQ(static_cast<double>(value), defined_value(half)) << i;
            ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << i;
        }
        ASSERT_EQ(half_from_float(value), half) << i;
    }
}

// Wrong if rounding is not to nearest, ties to even, anywhere between two neighbouring halves.
TEST(Half, RoundsToNearestTiesToEven) {
    for (uint16_t low = 0; low < 0x7bff; ++low) {
        const uint16_t high = low + 1;
        const float a = float_from_half(low), b = float_from_half(high);
        const float middle = (a + b) / 2;  // exact: one bit more than a half has
        const uint16_t even = low % 2 == 0 ? low : high;
        ASSERT_EQ(half_from_float(middle), even) << low;
        ASSERT_EQ(half_from_float(std::nextafterf(middle, 0.0f)), low) << low;
        ASSERT_EQ(half_from_float(std::nextafterf(middle, INFINITY)), high) << low;
        ASSERT_EQ(half_from_float(-middle), even | 0x8000) << low;
    }
}

// Wrong if overflow, underflow or a NaN whose upper payload is empty becomes something else.
TEST(Half, EdgesOfTheRange) {
    EXPECT_EQ(half_from_float(65504.0f), 0x7bff);
    EXPECT_EQ(half_from_float(std::nextafterf(65520.0f, 0.0f)), 0x7bff);
    EXPECT_EQ(half_from_float(65520.0f), 0x7c00);
    EXPECT_EQ(half_from_float(std::numeric_limits<float>::max()), 0x7c00);
    EXPECT_EQ(half_from_float(-INFINITY), 0xfc00);
    EXPECT_EQ(half_from_float(std::ldexp(1.0f, -25)), 0);  // tie between 0 and the smallest
    EXPECT_EQ(half_from_float(std::nextafterf(std::ldexp(1.0f, -25), 1.0f)), 1);
    EXPECT_EQ(half_from_float(std::numeric_limits<float>::denorm_min()), 0);
    EXPECT_EQ(half_from_float(-0.0f), 0x8000);
    EXPECT_TRUE(std::isnan(float_from_half(half_from_float(std::bit_cast<float>(0x7f800001u)))));
}

// Wrong if a file whose tensors are not aligned to two bytes is misread.
TEST(Half, ReadsAtAnyAlignment) {
    const std::vector<float> values = {1.5f, -2.25f, 0.0f};
    const auto halves = halves_from_floats(values);
    std::vector<std::byte> bytes(1 + 6);
    std::memcpy(bytes.data() + 1, halves.data(), 6);
    EXPECT_EQ(floats_from_halves(std::span(bytes).subspan(1)), values);
}

}  // namespace
}  // namespace hopscope::core
