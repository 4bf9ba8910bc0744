#include "core/measure/coupling.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/measure/model_space.h"
#include "core/measure/numbers.h"
#include "core/measure/row_blocks.h"
#include "core/probe/plan.h"

namespace hopscope::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int64_t share_of(int64_t n, double share) {
    return static_cast<int64_t>(std::ceil(share * static_cast<double>(n)));
}

/// Right singular vectors of each [r, d] of [n, r, d], falling singular values, [n, r, d].
at::Tensor right_singular(const at::Tensor& matrices) {
    if (matrices.size(1) == 1) return unit_rows(matrices);
    const auto wide = matrices.to(at::kDouble);
    // Through the Gram matrix [r, r]: r is small, d is not.
    const auto [values, vectors] = at::linalg_eigh(at::matmul(wide, wide.transpose(1, 2)));
    return unit_rows(at::matmul(vectors.transpose(1, 2), wide).flip({1})).to(at::kFloat);
}

void measure(Alignment& out, const at::Tensor& router, const at::Tensor& matrices) {
    const int64_t n = router.size(0), r = matrices.size(1), d = matrices.size(2);
    const double others = static_cast<double>(n - 1);
    const auto v = right_singular(matrices);  // [n, r, d]
    const auto a = at::matmul(v, router.unsqueeze(-1)).squeeze(-1).square().to(at::kDouble);
    out.k = share_of(std::min(r, d), 0.01);
    out.baseline = static_cast<double>(out.k) / static_cast<double>(d);
    const auto top = v.narrow(1, 0, out.k).reshape({n * out.k, d});
    // Σ_j ‖V_k(j) r_i‖² = r_iᵀ (Σ_j V_k(j)ᵀ V_k(j)) r_i: no [n, n] is made.
    const auto all =
        (at::matmul(router, at::matmul(top.t(), top)) * router).sum(-1).to(at::kDouble);
    const auto matched = a.narrow(1, 0, out.k).sum(-1);
    out.matched = numbers(matched);
    out.mismatched = numbers((all - matched) / others);
    out.energy = numbers(a.sum(-1));
    const auto total = a.sum(-1).clamp_min(std::numeric_limits<double>::min());
    out.top1 = numbers(a.narrow(1, 0, share_of(r, 0.01)).sum(-1) / total);
    out.top10 = numbers(a.narrow(1, 0, share_of(r, 0.1)).sum(-1) / total);

    const auto mean_row = unit_rows(matrices).mean(1);  // [n, d]
    const auto own = (mean_row * router).sum(-1).to(at::kDouble);
    const auto any = at::matmul(router, mean_row.sum(0)).to(at::kDouble);
    out.cosine = numbers(own);
    out.cosine_mismatched = numbers((any - own) / others);
}

at::Tensor in_fp32(const at::Tensor& t) {
    return t.detach().to(at::kFloat);
}

/// What the experts read: the gate of SwiGLU, else down; undefined for static experts.
const at::Tensor& read_rows(const LayerWeights& w) {
    return w.gate.defined() ? w.gate : w.down;
}

}  // namespace

std::vector<Alignment> alignments(const Config& config, const LayerWeights& w, int64_t layer) {
    std::vector<Alignment> out;
    const auto rows = router_rows(w);
    if (!rows.defined() || !w.down.defined()) return out;
    const std::pair<const char*, const at::Tensor*> matrices[] = {
        {"gate", &w.gate}, {"down", &w.down}, {"up", &w.up}};
    for (const auto& part : in_model_space(config, w, layer, in_fp32(rows)))
        for (const auto& [name, matrix] : matrices) {
            if (!matrix->defined()) continue;
            Alignment found;
            found.matrix = name;
            found.hop = part.hop;
            found.offset = part.pool.offset;
            measure(found, unit_rows(part.rows),
                    in_fp32(*matrix).narrow(0, part.pool.offset, part.pool.size));
            out.push_back(std::move(found));
        }
    return out;
}

LiveGeometry live_geometry(const Config& config, const LayerWeights& w, int64_t layer) {
    LiveGeometry out{kNan, kNan, kNan};
    auto rows = router_rows(w);
    if (!rows.defined() || rows.size(0) < 2) return out;
    rows = in_fp32(rows);
    const auto n = static_cast<double>(rows.size(0));
    double pairs = 0, nearest = 0;
    each_row_block(rows.size(0), rows.size(0), [&](int64_t begin, int64_t count) {
        const auto cosine = at::matmul(rows.narrow(0, begin, count), rows.t());
        auto own = cosine.diagonal(begin);  // each row with itself
        own.fill_(0);
        pairs += cosine.sum().item().toDouble();
        own.fill_(-1);
        nearest += cosine.amax({-1}).mean().item().toDouble() * static_cast<double>(count);
    });
    out.collinearity = pairs / (n * (n - 1));
    out.nearest_cosine = nearest / n;
    const auto& reads = read_rows(w);
    if (!reads.defined()) return out;
    const auto mean_row = unit_rows(in_fp32(reads)).mean(1);
    double sum = 0, count = 0;
    for (const auto& part : in_model_space(config, w, layer, rows)) {
        const auto own = mean_row.narrow(0, part.pool.offset, part.pool.size);
        sum += (unit_rows(part.rows) * own).sum().item().toDouble();
        count += static_cast<double>(part.pool.size);
    }
    out.coupling = sum / count;
    return out;
}

}  // namespace hopscope::core
