// Elements of tensors as plain numbers. Pure functions, any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <vector>

namespace hopscope::core {

/// The elements of a tensor of any type and device, row-major.
inline std::vector<double> numbers(const at::Tensor& t) {
    const auto plain = t.detach().to(at::kCPU, at::kDouble).contiguous();
    const double* p = plain.const_data_ptr<double>();
    return {p, p + plain.numel()};
}

}  // namespace hopscope::core
