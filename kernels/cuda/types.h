// The types that CUDA kernels are made for. Pure functions, any thread.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Exception.h>

namespace hopscope::kernels::cuda {

/// Calls f with an entry of the type.
template <class F>
void by_type(at::ScalarType type, const F& f) {
    if (type == at::kDouble) return f(double{});
    if (type == at::kBFloat16) return f(c10::BFloat16{});
    TORCH_CHECK(type == at::kFloat, "CUDA kernels take fp32, fp64 and bf16, not ", type);
    f(float{});
}

}  // namespace hopscope::kernels::cuda
