#include "kernels/cpu/compose.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/zeros_like.h>

namespace hopscope::kernels::cpu {
namespace {

/// u_i and its gate σ(total − u_i), both [T, d].
struct Gated {
    at::Tensor u, gate;
};

void gated_slot(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total, int64_t slot,
                Gated& into) {
    into.u.zero_();
    experts_forward(in, {slot, 1, 1}, /*have_pre=*/true, pre, into.u);
    at::sub_out(into.gate, total, into.u);
    into.gate.sigmoid_();
}

}  // namespace

at::Tensor combine(Composition composition, const at::Tensor& g) {
    if (composition == Composition::grouped_silu) return at::silu(g).sum(0);
    auto out = g.select(0, 0) * at::sigmoid(g.select(0, 1));
    return out.addcmul_(g.select(0, 2), at::sigmoid(g.select(0, 3)));
}

at::Tensor combine_backward(Composition composition, const at::Tensor& g, const at::Tensor& grad) {
    if (composition == Composition::grouped_silu)
        return at::silu_backward(grad.unsqueeze(0).expand_as(g), g).contiguous();
    auto out = at::empty_like(g);
    for (const int64_t i : {0, 2}) {
        const auto gate = at::sigmoid(g.select(0, i + 1));
        out.select(0, i).copy_(grad * gate);
        out.select(0, i + 1).copy_(at::sigmoid_backward(grad * g.select(0, i), gate));
    }
    return out;
}

at::Tensor cross_gated(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total) {
    auto out = at::zeros_like(total);
    Gated slot{at::empty_like(total), at::empty_like(total)};
    for (int64_t i = 0; i < in.idx.size(1); ++i) {
        gated_slot(in, pre, total, i, slot);
        out.addcmul_(slot.u, slot.gate);
    }
    return out;
}

void cross_gated_backward(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total,
                          const at::Tensor& grad, ExpertGrads& into) {
    // With s_j = σ(total − u_j): d/du_i = grad ⊙ (s_i + Σ_{j≠i} u_j s_j (1 − s_j)).
    auto shared = at::zeros_like(total);
    Gated slot{at::empty_like(total), at::empty_like(total)};
    const auto slots = in.idx.size(1);
    for (int64_t j = 0; j < slots; ++j) {
        gated_slot(in, pre, total, j, slot);
        shared.add_(at::sigmoid_backward(slot.u, slot.gate));
    }
    for (int64_t i = 0; i < slots; ++i) {
        gated_slot(in, pre, total, i, slot);
        auto du = shared - at::sigmoid_backward(slot.u, slot.gate);
        du.add_(slot.gate).mul_(grad);
        experts_backward(in, {i, 1, 1}, pre, du, into);
    }
}

}  // namespace hopscope::kernels::cpu
