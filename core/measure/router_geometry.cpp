#include "core/measure/router_geometry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/measure/model_space.h"
#include "core/measure/numbers.h"
#include "core/probe/plan.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {

double effective_rank_of(const at::Tensor& rows) {
    // Through the smaller Gram matrix: the entropy needs σ² only, and no singular vectors.
    const bool wide = rows.size(1) > rows.size(0);
    auto sigma = numbers(
        at::linalg_eigvalsh(wide ? at::matmul(rows, rows.t()) : at::matmul(rows.t(), rows)));
    for (double& s : sigma) s = std::sqrt(std::max(0.0, s));
    return stats::effective_rank(sigma);
}

Collinearity collinearity(const LayerWeights& weights) {
    const auto rows = router_rows(weights);
    return rows.defined() ? collinearity_of(rows) : Collinearity();
}

Collinearity collinearity_of(const at::Tensor& any_rows) {
    Collinearity out;
    if (any_rows.size(0) < 2) return out;
    const auto rows = unit_rows(any_rows.to(at::kCPU, at::kDouble));
    const int64_t n = rows.size(0);
    const auto cosine = at::matmul(rows, rows.t()).contiguous();
    const double* c = cosine.const_data_ptr<double>();
    double sum = 0, squares = 0, nearest = 0, angle = 0;
    for (int64_t i = 0; i < n; ++i) {
        double best = -1;
        for (int64_t j = 0; j < n; ++j) {
            if (i == j) continue;
            const double x = c[i * n + j];
            sum += x;
            squares += x * x;
            best = std::max(best, x);
            out.coherence = std::max(out.coherence, std::abs(x));
        }
        nearest += best;
        angle += std::acos(std::clamp(best, -1.0, 1.0)) * 180 / std::numbers::pi;
    }
    const auto count = static_cast<double>(n), pairs = count * (count - 1);
    out.n = n;
    out.mean_cosine = sum / pairs;
    out.mean_squared = squares / pairs;
    out.random_squared = 1.0 / static_cast<double>(rows.size(1));
    out.nearest_cosine = nearest / count;
    out.nearest_angle = angle / count;
    out.effective_rank = effective_rank_of(rows);
    out.per_dimension = count / out.effective_rank;
    return out;
}

std::vector<double> read_write_cosines(const Weights& weights) {
    std::vector<double> out;
    for (const auto& w : weights.layers) {
        if (!w.down.defined()) continue;
        const auto cosines = numbers(
            at::cosine_similarity(w.down.to(at::kDouble), w.up.to(at::kDouble), -1).mean(-1));
        out.insert(out.end(), cosines.begin(), cosines.end());
    }
    return out;
}

}  // namespace hopscope::core
