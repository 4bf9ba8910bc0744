// IEEE 754 binary16 ("fp16") to and from float in plain C++, for geometry files and for tensors
// read from elsewhere. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hopscope::core {

/// Nearest half, ties to even; beyond 65519.99… infinite; NaN stays NaN (quiet, sign and upper
/// payload kept).
uint16_t half_from_float(float value);
/// Exact: every half is a float. NaN payloads survive the way there and back.
float float_from_half(uint16_t half);

std::vector<uint16_t> halves_from_floats(std::span<const float> values);
/// `bytes` holds little-endian halves at any alignment; an odd last byte is left out.
std::vector<float> floats_from_halves(std::span<const std::byte> bytes);

}  // namespace hopscope::core
