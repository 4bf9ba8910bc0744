#include "core/measure/model_space.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <limits>

namespace hopscope::core {

std::vector<ModelRows> in_model_space(const Config& config, const LayerWeights& w, int64_t layer,
                                      const at::Tensor& rows) {
    const auto pools = pools_of(config, layer);
    const bool per_hop = w.proj.defined() && w.proj.dim() == 3;
    const size_t n = std::max(pools.size(), per_hop ? static_cast<size_t>(w.proj.size(0)) : 1);
    std::vector<ModelRows> out;
    for (size_t i = 0; i < n; ++i) {
        ModelRows part;
        part.hop = n == 1 ? -1 : static_cast<int64_t>(i);
        part.pool = pools[pools.size() == 1 ? 0 : i];
        part.rows = rows.narrow(0, part.pool.offset, part.pool.size);
        if (w.proj.defined()) {
            const auto proj = per_hop ? w.proj.select(0, static_cast<int64_t>(i)) : w.proj;
            part.rows = at::matmul(part.rows, proj.detach().to(part.rows.scalar_type()));
        }
        out.push_back(part);
    }
    return out;
}

at::Tensor unit_rows(const at::Tensor& rows) {
    // Gradients may be tiny: the smallest divisor only keeps zeros from becoming NaN.
    const auto norm = at::linalg_vector_norm(rows, 2, at::IntArrayRef{-1}, /*keepdim=*/true);
    return rows / norm.clamp_min(std::numeric_limits<float>::min());
}

}  // namespace hopscope::core
