#include "core/measure/router_geometry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/probe/plan.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {

Collinearity collinearity(const LayerWeights& weights) {
    Collinearity out;
    auto rows = router_rows(weights);
    if (!rows.defined() || rows.size(0) < 2) return out;
    rows = rows.to(at::kCPU, at::kDouble);
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
    const auto sigma = at::linalg_svdvals(rows).contiguous();
    out.n = n;
    out.mean_cosine = sum / pairs;
    out.mean_squared = squares / pairs;
    out.random_squared = 1.0 / static_cast<double>(rows.size(1));
    out.nearest_cosine = nearest / count;
    out.nearest_angle = angle / count;
    out.effective_rank =
        stats::effective_rank({sigma.const_data_ptr<double>(), static_cast<size_t>(sigma.numel())});
    out.per_dimension = count / out.effective_rank;
    return out;
}

std::vector<double> read_write_cosines(const Weights& weights) {
    std::vector<double> out;
    for (const auto& w : weights.layers) {
        if (!w.down.defined()) continue;
        const auto cosine = at::cosine_similarity(w.down.to(at::kDouble), w.up.to(at::kDouble), -1)
                                .mean(-1)
                                .to(at::kCPU)
                                .contiguous();
        const double* p = cosine.const_data_ptr<double>();
        out.insert(out.end(), p, p + cosine.numel());
    }
    return out;
}

}  // namespace hopscope::core
