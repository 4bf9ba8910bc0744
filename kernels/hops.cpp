// Hop by hop over all tokens that still run: scores and weights in loops of their own, the experts
// by their operator, which also moves the projected state: with the pre-activations of the hop,
// experts that write into the routing space add what the projection would see of their update.
#include "kernels/hops.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <cmath>
#include <limits>

#include "kernels/cpu/experts.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/route.h"
#include "kernels/reference/hops.h"
#include "kernels/reference/reference.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using cpu::axpy_loop;
using cpu::dot_loop;
using cpu::exp_loop;

/// Tokens that a thread takes at least: fewer are done before another one is awake.
constexpr int64_t kHopGrain = 4;

/// The scores of one hop: tau · cosine over the experts of a pool.
template <class T>
struct ScorePass {
    const T *z, *unit;  ///< [A, s]; [s, M], from the pool's first column on
    T* scores;          ///< [A, size]
    int64_t s, experts, size;
    T tau;
};

template <class T>
HOPSCOPE_INLINE void score_loop(const ScorePass<T>& p, int64_t lo, int64_t hi) {
    constexpr int64_t kRows = 4;  // of `unit` in one visit of the scores
    for (int64_t t = lo; t < hi; ++t) {
        const T* z = p.z + t * p.s;
        const T norm = std::max(std::sqrt(dot_loop(z, z, p.s)), static_cast<T>(kNormEps));
        T* out = p.scores + t * p.size;
        std::fill_n(out, p.size, T(0));
        int64_t q = 0;
        for (; q + kRows <= p.s; q += kRows) {
            const T *a = p.unit + q * p.experts, *b = a + p.experts, *c = b + p.experts,
                    *e = c + p.experts;
            const T za = z[q] / norm, zb = z[q + 1] / norm, zc = z[q + 2] / norm,
                    ze = z[q + 3] / norm;
            for (int64_t i = 0; i < p.size; ++i)
                out[i] += za * a[i] + zb * b[i] + (zc * c[i] + ze * e[i]);
        }
        for (; q < p.s; ++q) axpy_loop(out, z[q] / norm, p.unit + q * p.experts, p.size);
        for (int64_t i = 0; i < p.size; ++i) out[i] *= p.tau;
    }
}
HOPSCOPE_CLONES void score_rows(const ScorePass<float>& p, int64_t lo, int64_t hi) {
    score_loop(p, lo, hi);
}
void score_rows(const ScorePass<double>& p, int64_t lo, int64_t hi) {
    score_loop(p, lo, hi);
}

/// Weights of the chosen: their part of the softmax over all, or over themselves.
template <class T>
struct WeightPass {
    T* scores;           ///< [A, size]; used up
    const int64_t* idx;  ///< [A, k]
    T* weight;           ///< [A, k]
    int64_t size, k;
    bool renormalise;
};

template <class T>
HOPSCOPE_INLINE void weight_loop(const WeightPass<T>& p, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        T *s = p.scores + t * p.size, *w = p.weight + t * p.k;
        for (int64_t j = 0; j < p.k; ++j) w[j] = s[p.idx[t * p.k + j]];
        const T top = w[0];
        T sum = 0;
        for (int64_t j = 0; j < p.k; ++j) sum += w[j] = std::exp(w[j] - top);
        if (!p.renormalise) sum = exp_loop(s, s, p.size).sum;
        for (int64_t j = 0; j < p.k; ++j) w[j] /= sum;
    }
}
HOPSCOPE_CLONES void weight_rows(const WeightPass<float>& p, int64_t lo, int64_t hi) {
    weight_loop(p, lo, hi);
}
void weight_rows(const WeightPass<double>& p, int64_t lo, int64_t hi) {
    weight_loop(p, lo, hi);
}

/// What a hop leaves: Σ dh, the state of the next hop, and by how much it moved.
template <class T>
struct MovePass {
    const T *x, *dh;  ///< [A, d]
    T *added, *h;     ///< [A, d]
    T* ratio;         ///< [A]
    int64_t d;
};

template <class T>
HOPSCOPE_INLINE void move_loop(const MovePass<T>& p, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        const T *x = p.x + t * p.d, *dh = p.dh + t * p.d;
        T *added = p.added + t * p.d, *h = p.h + t * p.d;
        for (int64_t i = 0; i < p.d; ++i) {
            added[i] += dh[i];
            h[i] = x[i] + added[i];
        }
        p.ratio[t] = std::sqrt(dot_loop(dh, dh, p.d)) /
                     (std::sqrt(dot_loop(h, h, p.d)) + static_cast<T>(kHaltEps));
    }
}
HOPSCOPE_CLONES void move_rows(const MovePass<float>& p, int64_t lo, int64_t hi) {
    move_loop(p, lo, hi);
}
void move_rows(const MovePass<double>& p, int64_t lo, int64_t hi) {
    move_loop(p, lo, hi);
}

/// The tokens that still run, row by row.
struct Running {
    std::vector<int64_t> token;  ///< [A]
    Tensor x, h, added;          ///< [A, d] as it came, x + Σ dh, Σ dh
    Tensor z;                    ///< [A, s] the projection of h
    Tensor idx, weight;          ///< [A, k] chosen last, counted within the pool

    void keep(const std::vector<int64_t>& rows) {
        const auto index = at::tensor(at::ArrayRef<int64_t>(rows));
        for (auto* t : {&x, &h, &added, &z, &idx, &weight}) *t = t->index_select(0, index);
        std::vector<int64_t> left;
        for (const int64_t row : rows) left.push_back(token[static_cast<size_t>(row)]);
        token = std::move(left);
    }
};

template <class T>
void choose(Running& now, const HopBank& bank, const HopRules& rules, HopPool pool) {
    const int64_t active = now.h.size(0);
    auto scores = at::empty({active, pool.size}, now.h.options());
    auto* s = scores.mutable_data_ptr<T>();
    const auto z = now.z.contiguous();
    const ScorePass<T> score{z.const_data_ptr<T>(),
                             bank.unit.const_data_ptr<T>() + pool.offset,
                             s,
                             bank.unit.size(0),
                             bank.unit.size(1),
                             pool.size,
                             static_cast<T>(rules.tau)};
    at::parallel_for(0, active, kHopGrain,
                     [&](int64_t lo, int64_t hi) { score_rows(score, lo, hi); });
    now.idx = cpu::top_k(scores, rules.k);
    now.weight = at::empty({active, rules.k}, now.h.options());
    const WeightPass<T> weigh{s,
                              now.idx.const_data_ptr<int64_t>(),
                              now.weight.mutable_data_ptr<T>(),
                              pool.size,
                              rules.k,
                              rules.renormalise};
    at::parallel_for(0, active, kHopGrain,
                     [&](int64_t lo, int64_t hi) { weight_rows(weigh, lo, hi); });
}

/// @return [A] the ratios
template <class T>
Tensor move(Running& now, const Tensor& dh) {
    auto ratio = at::empty({now.h.size(0)}, now.h.options());
    const MovePass<T> p{now.x.const_data_ptr<T>(),       dh.const_data_ptr<T>(),
                        now.added.mutable_data_ptr<T>(), now.h.mutable_data_ptr<T>(),
                        ratio.mutable_data_ptr<T>(),     now.h.size(1)};
    at::parallel_for(0, now.h.size(0), kHopGrain,
                     [&](int64_t lo, int64_t hi) { move_rows(p, lo, hi); });
    return ratio;
}

Tensor projected(const HopBank& bank, int64_t hop, const Tensor& h) {
    if (!bank.proj.defined()) return h;
    return at::linear(h, bank.proj.dim() == 3 ? bank.proj.select(0, hop) : bank.proj);
}

/// What the experts add to the states; with `seen` and a next hop, to their projections, too.
Tensor add_experts(Running& now, const HopBank& bank, HopPool pool, bool goes_on) {
    const auto experts = bank_of_pool(bank.experts, pool);
    const cpu::Slots slots{0, now.idx.size(1), 1};
    const bool reads = experts.kind != ExpertKind::fixed;
    cpu::ExpertInput in{reads ? now.h : Tensor(), now.idx, now.weight, experts};
    auto pre = cpu::experts_pre(in);
    auto dh = at::zeros_like(now.h);
    cpu::experts_forward(in, slots, /*have_pre=*/false, pre, dh);
    if (goes_on && bank.seen.defined()) {
        (reads ? in.bank.up : in.bank.value) = bank.seen.narrow(0, pool.offset, pool.size);
        cpu::experts_forward(in, slots, /*have_pre=*/true, pre, now.z);
    }
    return dh;
}

/// Rows of the tokens that stop behind a hop, and of those that go on.
struct Parted {
    std::vector<int64_t> stop, go_on;
};
template <class T>
Parted part(const std::vector<int64_t>& token, const HopRules& rules, int64_t hop,
            const Tensor& ratio) {
    Parted out;
    const T* r = ratio.const_data_ptr<T>();
    for (size_t row = 0; row < token.size(); ++row) {
        const auto t = static_cast<size_t>(token[row]);
        // As everywhere: a ratio that is no number stops the token.
        const bool moves = rules.epsilon.empty() || rules.epsilon[t] < 0 ||
                           r[row] >= static_cast<T>(rules.epsilon[t]);
        const bool may = rules.most.empty() || hop + 1 < rules.most[t];
        (moves && may ? out.go_on : out.stop).push_back(static_cast<int64_t>(row));
    }
    return out;
}

template <class T>
HopsOut run(const Tensor& x, const HopBank& bank, const HopRules& rules) {
    const int64_t tokens = x.size(0), hops = static_cast<int64_t>(rules.pools.size());
    HopsOut out{at::zeros_like(x),
                at::full({tokens, hops}, std::numeric_limits<T>::quiet_NaN(), x.options())};
    Running now{.token = {},
                .x = x,
                .h = x.clone(),
                .added = at::zeros_like(x),
                .z = {},
                .idx = {},
                .weight = {}};
    for (int64_t t = 0; t < tokens; ++t) now.token.push_back(t);
    auto* ratios = out.ratio.mutable_data_ptr<T>();
    const auto put = [&](const std::vector<int64_t>& rows) {
        for (const int64_t row : rows)
            std::copy_n(
                now.added.const_data_ptr<T>() + row * x.size(1), x.size(1),
                out.update.mutable_data_ptr<T>() + now.token[static_cast<size_t>(row)] * x.size(1));
    };
    for (int64_t hop = 0; hop < hops; ++hop) {
        const HopPool pool = rules.pools[rules.frozen ? 0 : static_cast<size_t>(hop)];
        if (hop == 0 || !rules.frozen) {
            if (hop == 0 || !bank.seen.defined()) now.z = projected(bank, hop, now.h);
            choose<T>(now, bank, rules, pool);
        }
        const bool last = hop + 1 == hops;
        const Tensor ratio = move<T>(now, add_experts(now, bank, pool, !last && !rules.frozen));
        for (size_t row = 0; row < now.token.size(); ++row)
            ratios[now.token[row] * hops + hop] = ratio.const_data_ptr<T>()[row];
        auto parted = part<T>(now.token, rules, hop, ratio);
        if (last) {
            put(parted.stop);
            put(parted.go_on);
        } else if (!parted.stop.empty()) {
            put(parted.stop);
            if (parted.go_on.empty()) break;
            now.keep(parted.go_on);
        }
    }
    return out;
}

void check(const Tensor& x, const HopBank& bank, const HopRules& rules) {
    const auto& written = bank.experts.written();
    TORCH_CHECK(x.is_cpu() && written.is_cpu(), "hops: they run on the CPU");
    TORCH_CHECK(x.dim() == 2 && x.size(0) >= 1 && x.size(1) == written.size(-1) &&
                    x.scalar_type() == written.scalar_type() &&
                    (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble),
                "hops: x ", x.sizes(), " ", x.scalar_type(), " does not fit experts that write ",
                written.sizes(), " ", written.scalar_type());
    TORCH_CHECK(!rules.pools.empty(), "hops: there is none");
    for (const auto& pool : rules.pools)
        TORCH_CHECK(pool.offset >= 0 && pool.offset + pool.size <= written.size(0) &&
                        rules.k >= 1 && rules.k <= pool.size,
                    "hops: ", rules.k, " of the experts ", pool.offset, " … ",
                    pool.offset + pool.size, " of ", written.size(0));
    const auto each = [&](size_t n) { return n == 0 || n == static_cast<size_t>(x.size(0)); };
    TORCH_CHECK(each(rules.epsilon.size()) && each(rules.most.size()),
                "hops: halting needs a rule for each of ", x.size(0), " tokens");
}

}  // namespace

ExpertBank bank_of_pool(const ExpertBank& bank, HopPool pool) {
    const auto rows = [&](const Tensor& t) {
        return t.defined() && t.size(0) != pool.size ? t.narrow(0, pool.offset, pool.size) : t;
    };
    return {bank.kind, rows(bank.gate), rows(bank.down), rows(bank.up), rows(bank.value)};
}

HopBank hop_bank(const Tensor& proj, const Tensor& centroids, const ExpertBank& experts,
                 bool gram) {
    const c10::AutoGradMode no_grad(false);
    TORCH_CHECK(!gram || (proj.defined() && proj.dim() == 2),
                "hops: only one projection for all hops sees the same of an expert in each");
    const auto dense = [](const Tensor& t) { return t.defined() ? t.detach().contiguous() : t; };
    HopBank out{dense(proj),
                reference::l2norm(centroids).t().contiguous(),
                {experts.kind, dense(experts.gate), dense(experts.down), dense(experts.up),
                 dense(experts.value)},
                {}};
    if (gram) out.seen = at::matmul(out.experts.written(), out.proj.t()).contiguous();
    return out;
}

HopsOut hops(const Tensor& x, const HopBank& bank, const HopRules& rules, Form form) {
    check(x, bank, rules);
    const c10::AutoGradMode no_grad(false);
    if (form == Form::reference) return reference::hops(x, bank, rules);
    return x.scalar_type() == at::kDouble ? run<double>(x.contiguous(), bank, rules)
                                          : run<float>(x.contiguous(), bank, rules);
}

}  // namespace hopscope::kernels
