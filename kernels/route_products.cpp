#include "kernels/route_products.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>

#include "kernels/ops.h"

namespace hopscope::kernels {

using at::Tensor;

Tensor row_norm(const Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true).clamp_min(kNormEps);
}

Tensor norm_backward(const Tensor& g, const Tensor& y, const Tensor& norm) {
    return (g - y * (y * g).sum(-1, true)) / norm;
}

CosineRows route_by_products(const CosineInput& input, const RowOperators& rows) {
    CosineRows out;
    const auto z = input.proj.defined() ? at::mm(input.h, input.proj.t()) : input.h;
    out.norm = row_norm(z);
    out.pos = z / out.norm;
    if (input.pos_delta.defined()) {
        out.first_pos = out.pos;
        out.first_norm = out.norm;
        const auto moved = out.pos + input.pos_delta;
        out.norm = row_norm(moved);
        out.pos = moved / out.norm;
    }
    auto p = at::mm(out.pos, input.unit.t()).mul_(input.tau);
    if (input.score_bias.defined()) p.add_(input.score_bias);
    const auto chosen = rows.softmax_top_k(p, input.k);
    out.idx = chosen.idx;
    out.weight =
        input.renormalise ? chosen.top_p / chosen.top_p.sum(-1, /*keepdim=*/true) : chosen.top_p;
    out.mean_p = p.size(0) > 0 ? rows.column_means(p) : p.mean(0);
    out.entropy = chosen.entropy;
    out.max_p = chosen.max_p;
    return out;
}

CosineGradient gradient_by_products(const CosineInput& input, const CosineRows& made,
                                    const Tensor& dweight, const Tensor& dmean,
                                    const RowOperators& rows) {
    CosineGradient out;
    auto dscore = at::mm(made.pos, input.unit.t()).mul_(input.tau);  // the scores, to be used up
    if (input.score_bias.defined()) dscore.add_(input.score_bias);
    const auto along = rows.score_gradient(
        dscore, {made.idx, made.weight, dweight, dmean, input.renormalise}, input.tau);
    // A biased score is more than tau · cosine.
    out.tau = (input.score_bias.defined() ? (dscore * at::mm(made.pos, input.unit.t())).sum()
                                          : along.sum().to(input.tau.scalar_type())) /
              input.tau;
    out.unit = at::mm(dscore.t(), made.pos);
    auto dz = norm_backward(at::mm(dscore, input.unit), made.pos, made.norm);
    if (made.first_pos.defined()) dz = norm_backward(dz, made.first_pos, made.first_norm);
    if (input.proj.defined()) {
        out.h = at::mm(dz, input.proj);
        out.proj = at::mm(dz.t(), input.h);
    } else {
        out.h = dz;
    }
    return out;
}

}  // namespace hopscope::kernels
