#include "kernels/cpu/experts.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <optional>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/compose.h"
#include "kernels/cuda/experts.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;

int64_t groups_of(Composition c) {
    const bool grouped = c == Composition::grouped_silu || c == Composition::grouped_gated;
    return grouped ? kCompositionGroups : 1;
}

/// Room for the pre-activations, which are never narrower than fp32.
Tensor room_for_pre(const cpu::ExpertInput& in) {
    const auto pre = cpu::experts_pre(in);
    return pre.scalar_type() == wide_of(pre)
               ? pre
               : at::empty(pre.sizes(), pre.options().dtype(wide_of(pre)));
}

void add_updates(const cpu::ExpertInput& in, const cpu::Slots& slots, Tensor& pre, Tensor& out) {
#ifdef HOPSCOPE_CUDA
    if (out.is_cuda()) return cuda::experts_forward(in, slots, /*have_pre=*/false, pre, out);
#endif
    cpu::experts_forward(in, slots, /*have_pre=*/false, pre, out);
}

void add_gradients(const cpu::ExpertInput& in, const cpu::Slots& slots, const Tensor& pre,
                   const Tensor& grad, cpu::ExpertGrads& into) {
#ifdef HOPSCOPE_CUDA
    if (grad.is_cuda()) return cuda::experts_backward(in, slots, pre, grad, into);
#endif
    cpu::experts_backward(in, slots, pre, grad, into);
}

void add_gated_gradients(const cpu::ExpertInput& in, Tensor& pre, const Tensor& total,
                         const Tensor& grad, cpu::ExpertGrads& into) {
#ifdef HOPSCOPE_CUDA
    if (grad.is_cuda()) return cuda::cross_gated_backward(in, pre, total, grad, into);
#endif
    cpu::cross_gated_backward(in, pre, total, grad, into);
}

struct Result {
    Tensor out;   ///< [T, d]
    Tensor pre;   ///< pre-activations
    Tensor sums;  ///< what a composition needs again: group sums [4, T, d] or the total [T, d]
};

Result run_forward(const cpu::ExpertInput& in, Composition composition) {
    Result r{.out = {}, .pre = room_for_pre(in), .sums = {}};
    const auto groups = groups_of(composition), tokens = in.idx.size(0);
    const auto& write = in.bank.written();
#ifdef HOPSCOPE_CUDA
    if (write.is_cuda() && composition == Composition::cross_gated) {
        r.sums = at::empty({tokens, write.size(-1)}, write.options());
        r.out = at::empty_like(r.sums);
        cuda::cross_gated(in, r.pre, r.sums, r.out);
        return r;
    }
#endif
    r.sums = at::zeros({groups, tokens, write.size(-1)}, write.options());
    add_updates(in, {0, in.idx.size(1), groups}, r.pre, r.sums);
    if (groups > 1) {
        r.out = cpu::combine(composition, r.sums);
    } else if (composition == Composition::cross_gated) {
        r.sums = r.sums.squeeze(0);
        r.out = cpu::cross_gated(in, r.pre, r.sums);
    } else {
        r.out = r.sums.squeeze(0);
        r.sums = Tensor();  // the sum is the result: nothing more to keep
    }
    return r;
}

class ExpertsNode : public torch::autograd::Function<ExpertsNode> {
  public:
    // Autograd sees only tensors that are arguments, so the bank comes tensor by tensor; an
    // undefined one has to travel as an empty option.
    static Tensor forward(AutogradContext* ctx, const MaybeTensor& h, const Tensor& idx,
                          const Tensor& weight, const MaybeTensor& gate, const MaybeTensor& down,
                          const MaybeTensor& up, const MaybeTensor& value, int64_t kind,
                          int64_t composition) {
        const cpu::ExpertInput in{
            h.value_or(Tensor()),
            idx,
            weight,
            {static_cast<ExpertKind>(kind), gate.value_or(Tensor()), down.value_or(Tensor()),
             up.value_or(Tensor()), value.value_or(Tensor())}};
        const auto r = run_forward(in, static_cast<Composition>(composition));
        const auto& b = in.bank;
        ctx->save_for_backward({in.h, idx, weight, b.gate, b.down, b.up, b.value, r.pre, r.sums});
        ctx->saved_data["kind"] = kind;
        ctx->saved_data["composition"] = composition;
        return r.out;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        const auto kind = static_cast<ExpertKind>(ctx->saved_data["kind"].toInt());
        const auto composition = static_cast<Composition>(ctx->saved_data["composition"].toInt());
        const cpu::ExpertInput in{s[0], s[1], s[2], {kind, s[3], s[4], s[5], s[6]}};
        auto pre = s[7];
        const auto grad = grads[0].contiguous();
        auto into = cpu::zero_grads(in);
        const auto groups = groups_of(composition);
        if (composition == Composition::cross_gated)
            add_gated_gradients(in, pre, s[8], grad, into);
        else
            add_gradients(in, {0, in.idx.size(1), groups}, pre,
                          groups > 1 ? cpu::combine_backward(composition, s[8], grad) : grad, into);
        const auto& b = into.bank;
        return {into.h, Tensor(), into.weight, b.gate, b.down, b.up, b.value, Tensor(), Tensor()};
    }
};

void check_shapes(const Tensor& h, const Tensor& idx, const Tensor& weight, const ExpertBank& b,
                  Composition composition) {
    const auto& write = b.written();
    TORCH_CHECK(write.defined(), "experts: the bank lacks the tensor that its kind writes");
    TORCH_CHECK(weight.sizes() == idx.sizes(), "experts: weight ", weight.sizes(), ", idx ",
                idx.sizes());
    if (b.kind == ExpertKind::fixed) {
        TORCH_CHECK(write.dim() == 2, "experts: value has to be [M, d], not ", write.sizes());
    } else {
        TORCH_CHECK(write.dim() == 3 && b.down.defined() && b.down.sizes() == write.sizes() &&
                        (b.kind == ExpertKind::mlp ||
                         (b.gate.defined() && b.gate.sizes() == write.sizes())),
                    "experts: gate, down and up have to be of one shape [M, r, d]");
        TORCH_CHECK(h.size(0) == idx.size(0) && h.size(1) == write.size(2), "experts: h ",
                    h.sizes(), " does not fit idx ", idx.sizes(), " and up ", write.sizes());
    }
    TORCH_CHECK(idx.size(1) % groups_of(composition) == 0, "experts: ", idx.size(1),
                " slots do not make ", groups_of(composition), " equal groups");
}

}  // namespace

Tensor compose(const Tensor& h, const Tensor& idx, const Tensor& weight, const ExpertBank& bank,
               Composition composition, Form form) {
    check_shapes(h, idx, weight, bank, composition);
    const auto& write = bank.written();
    if (form == Form::reference || !has_fused(Operator::experts, write)) {
        return composition == Composition::sum
                   ? reference::experts(h, idx, weight, bank)
                   : reference::compose(h, idx, weight, bank, composition);
    }
    // On a CPU fp32 rows take less time than bf16 ones, which are widened at each use.
    if (write.is_cpu() && wide_of(write) != write.scalar_type()) {
        const auto wide = [&](const Tensor& x) { return x.defined() ? x.to(wide_of(write)) : x; };
        return compose(
                   wide(h), idx, wide(weight),
                   {bank.kind, wide(bank.gate), wide(bank.down), wide(bank.up), wide(bank.value)},
                   composition, form)
            .to(write.scalar_type());
    }
    const auto dense = [](const Tensor& x) { return x.defined() ? x.contiguous() : x; };
    // Fixed experts do not read the token: without it nothing is kept and no gradient is made.
    const cpu::ExpertInput in{
        bank.kind == ExpertKind::fixed ? Tensor() : dense(h),
        dense(idx),
        dense(weight),
        {bank.kind, dense(bank.gate), dense(bank.down), dense(bank.up), dense(bank.value)}};
    if (!c10::GradMode::is_enabled()) return run_forward(in, composition).out;
    const auto maybe = [](const Tensor& x) { return x.defined() ? MaybeTensor(x) : std::nullopt; };
    const auto& b = in.bank;
    return ExpertsNode::apply(maybe(in.h), in.idx, in.weight, maybe(b.gate), maybe(b.down),
                              maybe(b.up), maybe(b.value), static_cast<int64_t>(bank.kind),
                              static_cast<int64_t>(composition));
}

Tensor experts(const Tensor& h, const Tensor& idx, const Tensor& weight, const ExpertBank& bank,
               Form form) {
    return compose(h, idx, weight, bank, Composition::sum, form);
}

Tensor experts(const Tensor& h, const Tensor& idx, const Tensor& weight, const Tensor& down,
               const Tensor& up, Form form) {
    return experts(h, idx, weight, {ExpertKind::mlp, {}, down, up, {}}, form);
}

Tensor experts_static(const Tensor& idx, const Tensor& weight, const Tensor& value, Form form) {
    return experts({}, idx, weight, {ExpertKind::fixed, {}, {}, {}, value}, form);
}

}  // namespace hopscope::kernels
