#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cmath>
#include <vector>

#include "kernels/cpu/loops.h"
#include "kernels/cuda/adamw.h"
#include "kernels/cuda/counts.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"

namespace hopscope::kernels {
namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kSumBlock = 4096;

struct Coefficients {
    float keep, beta1, beta2, root, eps, rate, scale;
};

HOPSCOPE_CLONES void adamw_rows(float* p, const float* g, float* m, float* v, const Coefficients& c,
                                int64_t lo, int64_t hi) {
    for (int64_t i = lo; i < hi; ++i) {
        const float x = g[i] * c.scale;
        m[i] = c.beta1 * m[i] + (1 - c.beta1) * x;
        v[i] = c.beta2 * v[i] + (1 - c.beta2) * x * x;
        p[i] = p[i] * c.keep - c.rate * m[i] / (std::sqrt(v[i]) * c.root + c.eps);
    }
}

}  // namespace

void adamw(at::Tensor param, const at::Tensor& grad, at::Tensor m, at::Tensor v, at::Tensor shadow,
           const AdamWStep& s, Form form) {
    if (form == Form::reference) return reference::adamw(param, grad, m, v, shadow, s);
    check_fused(Operator::adamw, param);
    const double c1 = 1 - std::pow(s.beta1, static_cast<double>(s.t));
    const double c2 = 1 - std::pow(s.beta2, static_cast<double>(s.t));
    const Coefficients c{static_cast<float>(1 - s.lr * s.weight_decay),
                         static_cast<float>(s.beta1),
                         static_cast<float>(s.beta2),
                         static_cast<float>(1 / std::sqrt(c2)),
                         static_cast<float>(s.eps),
                         static_cast<float>(s.lr / c1),
                         static_cast<float>(s.grad_scale)};
#ifdef HOPSCOPE_CUDA
    if (param.is_cuda())
        return cuda::adamw(param, grad, m, v, shadow,
                           {c.keep, c.beta1, c.beta2, c.root, c.eps, c.rate, c.scale});
#endif
    TORCH_CHECK(param.is_cpu() && param.is_contiguous() && grad.is_contiguous() &&
                    grad.sizes() == param.sizes(),
                "adamw: needs contiguous tensors of one shape");
    float *p = param.mutable_data_ptr<float>(), *mp = m.mutable_data_ptr<float>(),
          *vp = v.mutable_data_ptr<float>();
    const float* g = grad.const_data_ptr<float>();
    at::parallel_for(0, param.numel(), kGrain,
                     [&](int64_t lo, int64_t hi) { adamw_rows(p, g, mp, vp, c, lo, hi); });
    if (shadow.defined()) shadow.copy_(param);
}

double sum_squares(const at::Tensor& x) {
    if (!has_fused(Operator::sum_squares, x))
        return x.to(at::kDouble).square().sum().item<double>();
#ifdef HOPSCOPE_CUDA
    if (x.is_cuda()) return cuda::sum_squares(x);
#endif
    const auto flat = x.contiguous();
    const float* p = flat.const_data_ptr<float>();
    const int64_t n = flat.numel(), blocks = (n + kSumBlock - 1) / kSumBlock;
    std::vector<double> partial(static_cast<size_t>(blocks), 0.0);
    at::parallel_for(0, blocks, 8, [&](int64_t lo, int64_t hi) {
        for (int64_t b = lo; b < hi; ++b) {
            double sum = 0;
            for (int64_t i = b * kSumBlock; i < std::min(n, (b + 1) * kSumBlock); ++i)
                sum += static_cast<double>(p[i]) * p[i];
            partial[static_cast<size_t>(b)] = sum;
        }
    });
    double total = 0;
    for (double part : partial) total += part;
    return total;
}

}  // namespace hopscope::kernels
