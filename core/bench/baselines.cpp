#include "core/bench/baselines.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_bag.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>
#include <tuple>

namespace hopscope::core::baselines {
namespace {

/// [T, k] weighted activations of the chosen experts.
at::Tensor coefficients(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                        const at::Tensor& down) {
    const auto rows = at::embedding(down.squeeze(1), idx);  // [T, k, d]
    return at::silu(at::matmul(rows, h.unsqueeze(-1)).squeeze(-1)) * weight;
}

}  // namespace

at::Tensor gather(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                  const at::Tensor& down, const at::Tensor& up) {
    const auto a = coefficients(h, idx, weight, down);
    return at::matmul(a.unsqueeze(1), at::embedding(up.squeeze(1), idx)).squeeze(1);
}

at::Tensor embedding_bag(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                         const at::Tensor& down, const at::Tensor& up) {
    constexpr int64_t kSum = 0;
    const auto a = coefficients(h, idx, weight, down);
    const auto begins = at::arange(0, idx.numel(), idx.size(1), idx.options());
    return std::get<0>(at::embedding_bag(up.squeeze(1), idx.reshape({-1}), begins,
                                         /*scale_grad_by_freq=*/false, kSum, /*sparse=*/false,
                                         a.reshape({-1})));
}

at::Tensor dense_mask(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                      const at::Tensor& down, const at::Tensor& up) {
    const auto mask = at::zeros({h.size(0), down.size(0)}, h.options()).scatter(1, idx, weight);
    return at::matmul(at::silu(at::linear(h, down.squeeze(1))) * mask, up.squeeze(1));
}

at::Tensor dense(const at::Tensor& h, const at::Tensor& down, const at::Tensor& up) {
    return at::linear(at::silu(at::linear(h, down)), up.t());
}

}  // namespace hopscope::core::baselines
