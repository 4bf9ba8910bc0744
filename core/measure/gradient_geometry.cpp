#include "core/measure/gradient_geometry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/api/needs.h"
#include "core/measure/each_batch.h"
#include "core/measure/model_space.h"
#include "core/measure/numbers.h"
#include "core/measure/router_geometry.h"
#include "core/measure/row_blocks.h"
#include "core/model/forward.h"
#include "core/probe/plan.h"
#include "core/stats/interval.h"
#include "core/train/loss.h"

namespace hopscope::core {
namespace {

constexpr int64_t kMostRows = 2048;

at::Tensor not_zero(const at::Tensor& rows) {
    return at::linalg_vector_norm(rows, 2, at::IntArrayRef{-1}) > 0;
}

/// Mean |cos| of pairs of unit rows.
double mean_abs_cosine(const at::Tensor& rows) {
    const auto n = static_cast<double>(rows.size(0));
    auto cosine = at::matmul(rows, rows.t()).abs_();
    cosine.fill_diagonal_(0);
    return cosine.sum().item().toDouble() / (n * (n - 1));
}

/// Experts of the pool that some token reached, counted from its start: the others have no
/// gradient. @param reads [n, r, d] of the same pool
at::Tensor reached(const ModelRows& router, const at::Tensor& reads) {
    return not_zero(router.rows).logical_and(not_zero(reads).all(-1)).nonzero().squeeze(-1);
}

void append(std::vector<double>& list, const std::vector<double>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

GradientMatch match(const ModelRows& router, const at::Tensor& reads) {
    const auto index = reached(router, reads);
    GradientMatch out;
    out.hop = router.hop;
    const int64_t n = index.size(0), r = reads.size(1), d = reads.size(2);
    if (n == 0) return out;
    const auto rows = unit_rows(router.rows.index_select(0, index));
    const auto read = unit_rows(reads.index_select(0, index)).reshape({n * r, d});
    each_row_block(n, n * r, [&](int64_t begin, int64_t count) {
        const auto cosine =
            at::matmul(rows.narrow(0, begin, count), read.t()).view({count, n, r}).to(at::kDouble);
        const auto split = [&](const at::Tensor& c, std::vector<double>& own,
                               std::vector<double>& other) {
            const auto per_expert = c.mean(-1);                // [count, n]
            const auto diagonal = per_expert.diagonal(begin);  // each row with its own expert
            append(own, numbers(diagonal));
            if (n > 1)
                append(other,
                       numbers((per_expert.sum(-1) - diagonal) / static_cast<double>(n - 1)));
        };
        split(cosine, out.matched, out.mismatched);
        split(cosine.abs(), out.abs_matched, out.abs_mismatched);
    });
    for (const double i : numbers(index))
        out.experts.push_back(router.pool.offset + static_cast<int64_t>(i));
    return out;
}

RowGeometry geometry_of(const std::vector<ModelRows>& parts) {
    std::vector<at::Tensor> rows;
    for (const auto& part : parts) rows.push_back(part.rows);
    return row_geometry(at::cat(rows));
}

LayerGradients layer_gradients(const Config& config, const LayerWeights& w, int64_t layer) {
    LayerGradients out;
    const auto& reads = w.gate.defined() ? w.gate : w.down;
    const auto& router = w.linear.defined() ? w.linear : w.centroids;
    out.router_weights =
        geometry_of(in_model_space(config, w, layer, router_rows(w).to(at::kFloat)));
    out.read_weights = row_geometry(reads.detach().select(1, 0));
    const auto read_gradient = reads.grad().to(at::kFloat);
    out.read_gradients = row_geometry(read_gradient.select(1, 0));
    if (!router.grad().defined()) return out;
    const auto parts = in_model_space(config, w, layer, router.grad().to(at::kFloat));
    out.router_gradients = geometry_of(parts);
    for (const auto& part : parts)
        out.matches.push_back(
            match(part, read_gradient.narrow(0, part.pool.offset, part.pool.size)));
    return out;
}

}  // namespace

double live_gradient_cosine(const Config& config, const LayerWeights& w, int64_t layer,
                            const at::Tensor& router, const at::Tensor& reads) {
    if (!router.defined() || !reads.defined()) return stats::kNaN;
    double sum = 0, count = 0;
    for (const auto& part : in_model_space(config, w, layer, router)) {
        const auto own = reads.narrow(0, part.pool.offset, part.pool.size);
        const auto index = reached(part, own);
        const auto rows = unit_rows(part.rows.index_select(0, index));
        const auto read = unit_rows(own.index_select(0, index)).mean(1);
        sum += (rows * read).sum(at::kDouble).item().toDouble();
        count += static_cast<double>(index.size(0));
    }
    return count > 0 ? sum / count : stats::kNaN;
}

std::vector<double> live_gradient_cosines(const Model& model,
                                          const std::map<std::string, at::Tensor>& gradients) {
    const c10::AutoGradMode no_grad(false);
    std::vector<double> out;
    for (size_t l = 0; l < model.weights.layers.size(); ++l) {
        const auto& w = model.weights.layers[l];
        const auto of = [&](const char* name) {
            const auto found = gradients.find("layers." + std::to_string(l) + "." + name);
            return found == gradients.end() ? at::Tensor() : found->second;
        };
        out.push_back(
            live_gradient_cosine(model.config, w, static_cast<int64_t>(l),
                                 of(w.linear.defined() ? "router.linear" : "router.centroids"),
                                 of(w.gate.defined() ? "experts.gate" : "experts.down")));
    }
    return out;
}

RowGeometry row_geometry(const at::Tensor& all) {
    RowGeometry out{0, stats::kNaN, stats::kNaN, stats::kNaN, stats::kNaN};
    auto rows = all.to(at::kDouble);
    rows = rows.index_select(0, not_zero(rows).nonzero().squeeze(-1));
    out.n = rows.size(0);
    if (out.n < 2) return out;
    if (out.n > kMostRows) rows = rows.slice(0, 0, out.n, (out.n + kMostRows - 1) / kMostRows);
    const auto unit = unit_rows(rows);
    const auto mean = unit.mean(0, /*keepdim=*/true);
    out.common_energy =
        at::matmul(unit, unit_rows(mean).squeeze(0)).square().mean().item().toDouble();
    out.cosine = mean_abs_cosine(unit);
    const auto centred = unit - mean;
    out.effective_rank = effective_rank_of(centred);
    out.centred_cosine = mean_abs_cosine(unit_rows(centred));
    return out;
}

Result<std::vector<LayerGradients>> gradient_geometry(const Model& model, const BatchSource& source,
                                                      int64_t batches, const Progress& progress) {
    constexpr Need kNeeds[] = {Need::rows, Need::reading_experts};
    if (const auto why = missing(kNeeds, model.config)) return usage_error(*why);
    const c10::AutoGradMode grad(true);
    // Leaves of their own over the same storage.
    const auto leaf = [&](const std::string& name, Group group, const at::Tensor& t) {
        return t.detach().set_requires_grad(learns(model.config, name, group));
    };
    const Model leaves{model.config, model.weights.map(leaf)};
    const int64_t n = std::min(batches, source.eval_batches());
    const auto done = each_batch(source, n, model.weights.embed.device(), "gradient of batch",
                                 progress, [&](int64_t, const BatchTensors& batch) {
                                     const auto out = forward(leaves, batch.ids, {});
                                     training_loss(leaves, out, batch.targets).total.backward();
                                 });
    if (!done) return done.error();
    const c10::AutoGradMode no_grad(false);
    std::vector<LayerGradients> out;
    for (size_t l = 0; l < leaves.weights.layers.size(); ++l)
        out.push_back(
            layer_gradients(leaves.config, leaves.weights.layers[l], static_cast<int64_t>(l)));
    return out;
}

}  // namespace hopscope::core
