// The second half of routing for scores of any router. Everything differentiable is plain ATen;
// only the selection, which carries no gradient, has a kernel.
#include <ATen/TensorOperators.h>
#include <ATen/ops/log.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>
#include <limits>
#include <tuple>

#include "kernels/cpu/route.h"
#include "kernels/cuda/route.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;

/// Added to the sigmoid, so that a row of rejected experts still has a sum [def:affinity].
constexpr double kSigmoidFloor = 1e-7;
/// A row that ReLU empties divides by this instead of by nothing.
constexpr double kEmptySum = 1e-8;
/// Chosen by force, experts may have no probability at all; then they get no weight either.
constexpr double kLeastSum = 1e-30;

Tensor affinity(const Tensor& scores, Score score) {
    switch (score) {
        case Score::sigmoid: {
            const auto a = at::sigmoid(scores);
            return at::where(a > 0, a + kSigmoidFloor, at::zeros_like(a));  // suppressed stays 0
        }
        case Score::relu:
            return at::relu(scores);
        case Score::softmax:
            break;
    }
    return at::softmax(scores, -1);
}

Tensor divide_rows(const Tensor& a) {
    return a / a.sum(-1, /*keepdim=*/true).clamp_min(kEmptySum);
}

Tensor selection_keys(const Tensor& scores, const Tensor& affinities, const Gate& gate) {
    const auto s = scores.detach();
    if (!gate.select_bias) return s;
    const auto biased = (gate.bias_on_scores ? s : affinities.detach()) + *gate.select_bias;
    return at::where(s == -std::numeric_limits<double>::infinity(), s, biased);
}

Tensor top_k(const Tensor& keys, int64_t k, Form form) {
    if (form == Form::reference || !has_fused(Operator::choose, keys))
        return reference::top_k(keys, k);
#ifdef HOPSCOPE_CUDA
    if (keys.is_cuda()) return cuda::top_k(keys, k);
#endif
    return cpu::top_k(keys, k);
}

/// A selection by something else than the weights leaves them in another order; they are listed by
/// falling weight, ties by lowest index, whatever chose them.
void by_falling_weight(RouteOut& out) {
    const auto by_index = std::get<1>(out.idx.sort(/*stable=*/true, -1, /*descending=*/false));
    const auto idx = out.idx.gather(-1, by_index);
    const auto weight = out.weight.gather(-1, by_index);
    const auto order = std::get<1>(weight.detach().sort(/*stable=*/true, -1, /*descending=*/true));
    out.idx = idx.gather(-1, order);
    out.weight = weight.gather(-1, order);
}

}  // namespace

Tensor weights_of(const RouteOut& of, const Tensor& idx, bool renormalise) {
    const auto a = of.affinity.gather(-1, idx);
    return renormalise ? a / a.sum(-1, true).clamp_min(kLeastSum) : a;
}

RouteOut choose(const Tensor& scores, int64_t k, const Gate& gate, Form form) {
    TORCH_INTERNAL_ASSERT(k >= 1 && k <= scores.size(-1), "choose: k out of range");
    const bool soft = gate.score == Score::softmax;
    const auto a = affinity(scores, gate.score);
    const auto keys = selection_keys(scores, a, gate).contiguous();
    RouteOut out;
    out.idx = top_k(keys, k, form);
    if (gate.identity)
        out.weight = scores.gather(-1, out.idx);
    else if (soft && gate.renormalise)
        // p / Σ p over the chosen, in a form that a bias towards improbable experts cannot make 0 /
        // 0.
        out.weight = at::softmax(scores.gather(-1, out.idx), -1);
    else
        out.weight = gate.renormalise ? divide_rows(a.gather(-1, out.idx)) : a.gather(-1, out.idx);
    if (gate.select_bias || !soft) by_falling_weight(out);
    out.affinity = a;
    out.p = soft ? a : divide_rows(a);
    out.mean_p = out.p.mean(0);
    const auto q = out.p.detach();
    out.entropy = -at::where(q == 0, at::zeros_like(q), q * at::log(q)).sum(-1);
    out.max_p = std::get<0>(q.max(-1));
    return out;
}

}  // namespace hopscope::kernels
