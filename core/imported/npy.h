// Arrays of whole numbers in NumPy's file format (.npy, versions 1 to 3). Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// Whole numbers with a shape.
struct IntegerArray {
    std::vector<int64_t> shape;
    std::vector<int32_t> values;  ///< row-major; what 32 bits do not hold became INT32_MAX
};

/// Errors (usage), as a clause: no such file, another dtype than whole numbers, columns first, a
/// shape that is not what the bytes hold.
Result<IntegerArray> parse_npy(std::string_view bytes);

/// The same of bytes whose dtype ("uint8", "<u2", …) and shape are told otherwise.
Result<IntegerArray> integer_array(std::string_view bytes, const std::string& dtype,
                                   std::vector<int64_t> shape);

}  // namespace hopscope::core
