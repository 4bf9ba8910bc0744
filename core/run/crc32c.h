// CRC-32C (Castagnoli) and the masked form that TFRecord files use. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace hopscope::core {

uint32_t crc32c(std::string_view bytes);
/// Rotated right by 15 and shifted by a constant, so that a checksum of checksummed data stays
/// useful.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace hopscope::core
