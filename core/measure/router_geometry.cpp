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
#include "core/measure/row_blocks.h"
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
    out.n = any_rows.size(0);
    if (out.n == 0) return out;
    const auto rows = unit_rows(any_rows.to(at::kCPU, at::kDouble));
    const auto count = static_cast<double>(out.n), pairs = count * (count - 1);
    out.random_squared = 1.0 / static_cast<double>(rows.size(1));
    out.effective_rank = effective_rank_of(rows);
    out.per_dimension = count / out.effective_rank;
    if (out.n == 1) return out;
    double sum = 0, squares = 0, nearest = 0, angle = 0, coherence = 0;
    each_row_block(out.n, out.n, [&](int64_t begin, int64_t rows_here) {
        const auto cosine = at::matmul(rows.narrow(0, begin, rows_here), rows.t()).contiguous();
        const double* c = cosine.const_data_ptr<double>();
        for (int64_t i = 0; i < rows_here; ++i) {
            double best = -1;
            for (int64_t j = 0; j < out.n; ++j) {
                if (begin + i == j) continue;
                const double x = c[i * out.n + j];
                sum += x;
                squares += x * x;
                best = std::max(best, x);
                coherence = std::max(coherence, std::abs(x));
            }
            nearest += best;
            angle += std::acos(std::clamp(best, -1.0, 1.0)) * 180 / std::numbers::pi;
        }
    });
    out.mean_cosine = sum / pairs;
    out.mean_squared = squares / pairs;
    out.coherence = coherence;
    out.nearest_cosine = nearest / count;
    out.nearest_angle = angle / count;
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
