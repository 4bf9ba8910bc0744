#include "kernels/cpu/compose.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>

namespace hopscope::kernels::cpu {
namespace {

/// f(first, rows) for runs of the tokens of `like` [T, d]. LibTorch's e^x is another one at the end
/// of what a thread is given, where no vector is full; in runs of fixed length the bits do not
/// depend on the number of threads.
template <class F>
void each_run(const at::Tensor& like, const F& f) {
    constexpr int64_t kRun = 32;
    const int64_t tokens = like.size(0), runs = (tokens + kRun - 1) / kRun;
    if (!like.is_cpu()) return f(int64_t{0}, tokens);
    at::parallel_for(0, runs, 1, [&](int64_t lo, int64_t hi) {
        for (int64_t i = lo; i < hi; ++i) f(i * kRun, std::min(kRun, tokens - i * kRun));
    });
}

/// u_i and its gate σ(total − u_i), both [T, d].
struct Gated {
    explicit Gated(const at::Tensor& total)
        : u(at::empty_like(total)), gate(at::empty_like(total)) {}

    Gated run(int64_t first, int64_t rows) const {
        Gated out = *this;
        out.u = u.narrow(0, first, rows);
        out.gate = gate.narrow(0, first, rows);
        return out;
    }
    at::Tensor u, gate;
};

/// f(run of `into`, first, rows) for slot `slot`.
template <class F>
void each_run_of_slot(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total, int64_t slot,
                      Gated& into, const F& f) {
    into.u.zero_();
    experts_forward(in, {slot, 1, 1}, /*have_pre=*/true, pre, into.u);
    each_run(total, [&](int64_t first, int64_t rows) {
        auto run = into.run(first, rows);
        at::sub_out(run.gate, total.narrow(0, first, rows), run.u);
        run.gate.sigmoid_();
        f(run, first, rows);
    });
}

}  // namespace

at::Tensor combine(Composition composition, const at::Tensor& g) {
    auto out = at::empty({g.size(1), g.size(2)}, g.options());
    each_run(out, [&](int64_t first, int64_t rows) {
        const auto part = g.narrow(1, first, rows);
        auto to = out.narrow(0, first, rows);
        if (composition == Composition::grouped_silu) {
            at::sum_out(to, at::silu(part), at::IntArrayRef{0});
            return;
        }
        at::mul_out(to, part.select(0, 0), at::sigmoid(part.select(0, 1)));
        to.addcmul_(part.select(0, 2), at::sigmoid(part.select(0, 3)));
    });
    return out;
}

at::Tensor combine_backward(Composition composition, const at::Tensor& g, const at::Tensor& grad) {
    auto out = at::empty_like(g);
    each_run(grad, [&](int64_t first, int64_t rows) {
        const auto part = g.narrow(1, first, rows), from = grad.narrow(0, first, rows);
        auto to = out.narrow(1, first, rows);
        if (composition == Composition::grouped_silu) {
            to.copy_(at::silu_backward(from.unsqueeze(0).expand_as(part), part));
            return;
        }
        for (const int64_t i : {0, 2}) {
            const auto gate = at::sigmoid(part.select(0, i + 1));
            to.select(0, i).copy_(from * gate);
            to.select(0, i + 1).copy_(at::sigmoid_backward(from * part.select(0, i), gate));
        }
    });
    return out;
}

at::Tensor cross_gated(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total) {
    auto out = at::zeros_like(total);
    Gated slot(total);
    for (int64_t i = 0; i < in.idx.size(1); ++i)
        each_run_of_slot(in, pre, total, i, slot, [&](Gated& run, int64_t first, int64_t rows) {
            out.narrow(0, first, rows).addcmul_(run.u, run.gate);
        });
    return out;
}

void cross_gated_backward(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total,
                          const at::Tensor& grad, ExpertGrads& into) {
    // With s_j = σ(total − u_j): d/du_i = grad ⊙ (s_i + Σ_{j≠i} u_j s_j (1 − s_j)).
    auto shared = at::zeros_like(total);
    Gated slot(total);
    const auto slots = in.idx.size(1);
    for (int64_t j = 0; j < slots; ++j)
        each_run_of_slot(in, pre, total, j, slot, [&](Gated& run, int64_t first, int64_t rows) {
            shared.narrow(0, first, rows).add_(at::sigmoid_backward(run.u, run.gate));
        });
    for (int64_t i = 0; i < slots; ++i) {
        auto du = at::empty_like(total);
        each_run_of_slot(in, pre, total, i, slot, [&](Gated& run, int64_t first, int64_t rows) {
            auto to = du.narrow(0, first, rows);
            at::sub_out(to, shared.narrow(0, first, rows), at::sigmoid_backward(run.u, run.gate));
            to.add_(run.gate).mul_(grad.narrow(0, first, rows));
        });
        experts_backward(in, {i, 1, 1}, pre, du, into);
    }
}

}  // namespace hopscope::kernels::cpu
