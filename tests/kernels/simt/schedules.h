// What the tests of kernels without a GPU have in common.
#pragma once

#include <cstdint>
#include <limits>

namespace hopscope::simt {

/// Orders of threads that a kernel has to be right under: rising, falling, and random ones. The
/// sanitizers look at each access, whatever the order, and take ten times as long.
#ifdef HOPSCOPE_SANITIZED
inline constexpr uint64_t kSchedules = 4;
#else
inline constexpr uint64_t kSchedules = 22;
#endif

inline constexpr unsigned kAll = 0xffffffffU;  ///< all lanes of a warp
inline constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace hopscope::simt
