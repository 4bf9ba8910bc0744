// What the tests of kernels without a GPU have in common.
#pragma once

#include <cstdint>

namespace hopscope::simt {

/// Orders of threads that a kernel has to be right under: rising, falling, and random ones.
inline constexpr uint64_t kSchedules = 22;

inline constexpr unsigned kAll = 0xffffffffU;  ///< all lanes of a warp

}  // namespace hopscope::simt
