#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "kernels/cuda/counts.h"
#include "kernels/ops.h"
#include "kernels/support.h"

namespace hopscope::kernels {

at::Tensor count_choices(const at::Tensor& idx, int64_t experts) {
    check_fused(Operator::count_choices, idx);
#ifdef HOPSCOPE_CUDA
    if (idx.is_cuda()) return cuda::count_choices(idx, experts);
#endif
    const auto flat = idx.contiguous();
    auto counts = at::zeros({experts}, at::TensorOptions().dtype(at::kLong));
    auto* c = counts.mutable_data_ptr<int64_t>();
    const auto* p = flat.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < flat.numel(); ++i) ++c[p[i]];
    return counts;
}

double mean_jaccard(const at::Tensor& a, const at::Tensor& b) {
    check_fused(Operator::mean_jaccard, a);
#ifdef HOPSCOPE_CUDA
    if (a.is_cuda()) return cuda::mean_jaccard(a, b);
#endif
    const auto ca = a.contiguous(), cb = b.contiguous();
    const int64_t tokens = ca.size(0), ka = ca.size(1), kb = cb.size(1);
    const auto *pa = ca.const_data_ptr<int64_t>(), *pb = cb.const_data_ptr<int64_t>();
    double sum = 0;
    for (int64_t t = 0; t < tokens; ++t) {
        int64_t both = 0;
        for (int64_t i = 0; i < ka; ++i)
            for (int64_t j = 0; j < kb; ++j) both += pa[t * ka + i] == pb[t * kb + j];
        sum += static_cast<double>(both) / static_cast<double>(ka + kb - both);
    }
    return tokens ? sum / static_cast<double>(tokens) : 0.0;
}

}  // namespace hopscope::kernels
