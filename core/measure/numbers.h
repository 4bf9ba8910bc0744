// Elements of tensors, and what sums them up, as plain numbers. Pure functions, any thread.
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

/// The mean of all elements, taken in fp64.
inline double mean_of(const at::Tensor& t) {
    return t.to(at::kDouble).mean().item().toDouble();
}

}  // namespace hopscope::core
