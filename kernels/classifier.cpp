// Tied head and cross-entropy in chunks of rows. The gradient is taken in the same pass as the
// loss, while a chunk of logits is at hand, and only scaled in the backward pass: the loss is a
// sum, so its gradient is linear in one number. Under bf16 the factors of the products are bf16,
// loss and the gradient of the embedding fp32; the logits on the CPU, too.
#include "kernels/cuda/classifier.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <algorithm>
#include <array>
#include <optional>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/cross_entropy.h"
#include "kernels/cpu/packed.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows a chunk on the CPU: fewer leave the logits in the cache; with fewer than about d the
/// gradient of the embedding, which every chunk adds to, would be read and written more often than
/// the logits.
int64_t chunk_rows(const Tensor& x) {
    constexpr int64_t kLeast = 256, kMost = 1024;
    return std::clamp(x.size(1), kLeast, kMost);
}

/// Where a gradient is wanted, Σ nll differentiated.
struct Gradients {
    Tensor x;      ///< [T, d], of its type
    Tensor embed;  ///< [V, d], fp32 or fp64
};

/// What the chunks on the CPU share: the rows' factor as bf16 products read it, and room.
struct CpuRoom {
    std::optional<cpu::Packed> head;  ///< of bf16
    Tensor logits;                    ///< [chunk, V] of the wide type
    Tensor gradient;                  ///< the same memory or, of bf16, the same sizes

    CpuRoom(const Tensor& embed, int64_t rows, bool wants_gradient) {
        const std::array<int64_t, 2> sizes = {rows, embed.size(0)};
        logits = at::empty(sizes, embed.options().dtype(wide_of(embed)));
        gradient = logits;
        if (embed.scalar_type() != at::kBFloat16) return;
        head.emplace(embed.t());
        gradient = wants_gradient ? at::empty(sizes, embed.options()) : Tensor();
    }
};

/// One chunk on the CPU.
void run_on_cpu(const Tensor& x, const Tensor& embed, const Tensor& targets, const CpuRoom& room,
                Tensor nll, Gradients* into, int64_t lo) {
    auto logits = room.logits.narrow(0, 0, x.size(0));
    if (room.head)
        cpu::pair_product(logits, x, *room.head, /*add=*/false);
    else
        at::mm_out(logits, x, embed.t());
    if (!into) return cpu::cross_entropy(logits, targets, nll, Tensor());
    const auto gradient = room.gradient.narrow(0, 0, x.size(0));
    cpu::cross_entropy(logits, targets, nll, gradient);
    auto dx = into->x.narrow(0, lo, x.size(0));
    at::mm_out(dx, gradient, embed);
    if (room.head)
        cpu::pair_product(into->embed, gradient.t(), cpu::Packed(x), /*add=*/lo > 0);
    else
        into->embed.addmm_(gradient.t(), x, lo == 0 ? 0 : 1);
}

/// nll [T]; with `into` also the gradients.
Tensor run(const Tensor& x, const Tensor& embed, const Tensor& targets, Gradients* into) {
    const int64_t tokens = x.size(0), most = std::min(tokens, chunk_rows(x));
    const auto wide = x.options().dtype(wide_of(x));
    auto nll = at::empty({tokens}, wide);
#ifdef HOPSCOPE_CUDA
    if (x.is_cuda()) {
        cuda::classifier(x, embed, targets, nll, into ? into->x : Tensor(),
                         into ? into->embed : Tensor());
        return nll;
    }
#endif
    const CpuRoom room(embed, most, into != nullptr);
    if (into && tokens == 0) into->embed.zero_();
    for (int64_t lo = 0; lo < tokens; lo += most) {
        const int64_t n = std::min(most, tokens - lo);
        const auto rows = x.narrow(0, lo, n), target = targets.narrow(0, lo, n),
                   losses = nll.narrow(0, lo, n);
        run_on_cpu(rows, embed, target, room, losses, into, lo);
    }
    return nll;
}

class ClassifierNode : public torch::autograd::Function<ClassifierNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& embed,
                                 const Tensor& targets) {
        Gradients into{at::empty_like(x),
                       at::empty(embed.sizes(), embed.options().dtype(wide_of(x)))};
        auto nll = run(x, embed, targets, &into);
        ctx->save_for_backward({into.x, into.embed});
        ctx->mark_non_differentiable({nll});
        return {nll.sum(), nll};
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        return {s[0] * grads[0].to(s[0].scalar_type()), s[1] * grads[0].to(s[1].scalar_type()),
                Tensor()};
    }
};

}  // namespace

ClassifierOut classifier(const Tensor& x, const Tensor& embed, const Tensor& targets, Form form) {
    if (form == Form::reference || !has_fused(Operator::classifier, x))
        return reference::classifier(x, embed, targets);
    if (x.is_cpu() && x.scalar_type() == at::kBFloat16 && !cpu::has_pair_products())
        return classifier(x.to(at::kFloat), embed.to(at::kFloat), targets, form);
    if (!c10::GradMode::is_enabled()) {
        auto nll = run(x.contiguous(), embed.contiguous(), targets.contiguous(), nullptr);
        return {nll.sum(), nll};
    }
    auto o = ClassifierNode::apply(x.contiguous(), embed.contiguous(), targets.contiguous());
    return {o[0], o[1]};
}

}  // namespace hopscope::kernels
