#include "core/measure/coupling.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/measure/alignment.h"
#include "core/measure/model_space.h"
#include "core/measure/row_blocks.h"
#include "core/probe/plan.h"

namespace hopscope::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

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
            AlignmentSum sum({part.rows});
            sum.add(in_fp32(*matrix).narrow(0, part.pool.offset, part.pool.size));
            Alignment found = sum.finish()[0];
            found.matrix = name;
            found.hop = part.hop;
            found.offset = part.pool.offset;
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
