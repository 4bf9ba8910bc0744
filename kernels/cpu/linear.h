// Dense layers of bf16 weights that read the same rows: factors of products are bf16, sums and what
// leaves the block are fp32 until they are rounded once. Work is spread over the calling thread's
// OpenMP team by blocks of rows; the same bits for any number of threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <vector>

#include "kernels/ops.h"

namespace hopscope::kernels::cpu {

/// Sizes have to be even, weights contiguous or the transpose of a contiguous tensor, and the
/// processor to have pair products (kernels/cpu/packed.h).
bool takes_linear_bf16(const at::Tensor& x, const std::vector<LinearLayer>& layers);

struct LinearOut {
    std::vector<at::Tensor> y;  ///< [T, n] each, of type `out`
    at::Tensor read;            ///< [T, d] bf16, what the products read: x or x rounded
};
/// @param x   [T, d] fp32 or bf16, contiguous
/// @param out fp32 or bf16
LinearOut linear_bf16(const at::Tensor& x, const std::vector<LinearLayer>& layers,
                      at::ScalarType out);

struct LinearGrads {
    at::Tensor x;                    ///< [T, d] of type `of_x`
    std::vector<at::Tensor> weight;  ///< [n, d] fp32 each
    std::vector<at::Tensor> bias;    ///< [n] fp32, undefined where there is none
};
/// @param grads [T, n] each, contiguous, fp32 or bf16
/// @param of_x  fp32 or bf16
LinearGrads linear_bf16_gradient(const at::Tensor& read, const std::vector<LinearLayer>& layers,
                                 const std::vector<at::Tensor>& grads, at::ScalarType of_x);

}  // namespace hopscope::kernels::cpu
