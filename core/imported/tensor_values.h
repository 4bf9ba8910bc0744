// Numbers of tensors that others wrote, as fp32, whatever they were stored as. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors.h"

namespace hopscope::core {

/// All values of a tensor of F64, F32, F16, BF16, F8_E4M3 or F8_E5M2, exact but for F64, which is
/// rounded. Errors (usage) begin with `file`: another dtype.
Result<std::vector<float>> float_values(const TensorView& tensor, const std::string& file);

/// All values of a tensor of whole numbers (I64, I32, I16, I8, U8). Errors (usage) likewise, or one
/// beyond int32.
Result<std::vector<int32_t>> integer_values(const TensorView& tensor, const std::string& file);

/// "[4, 3]".
std::string shape_text(const std::vector<int64_t>& shape);
/// "F32 [8, 48]", as messages say what a tensor is.
std::string form_of(const TensorView& tensor);

}  // namespace hopscope::core
