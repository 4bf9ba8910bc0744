#include "core/measure/router_gradient.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/api/needs.h"
#include "core/measure/each_batch.h"
#include "core/model/forward.h"
#include "core/stats/interval.h"
#include "core/train/loss.h"

namespace hopscope::core {
namespace {

constexpr Groups kRouter = {Group::router_projection, Group::centroids, Group::router_other};
constexpr size_t kParts = 3;  ///< task, balance, z

/// The gradient of one part of the loss, [layers] its tensors in file order.
using Gradient = std::vector<std::vector<at::Tensor>>;

/// What enters the loss of a pass; undefined: that part does not.
at::Tensor part_of(const Model& model, const ForwardOut& out, const BatchTensors& batch,
                   size_t part) {
    const MoeConfig& moe = model.config.moe;
    if (part == 0) return training_loss(model, out, batch.targets).nll;
    if (part == 1)
        return out.balance.defined() && moe.balances_by_loss()
                   ? out.balance * model.config.train.balance_alpha
                   : at::Tensor();
    return out.z.defined() ? out.z * moe.z_loss : at::Tensor();
}

/// Takes the gradients off the leaves.
Gradient take_gradient(Model& leaves) {
    Gradient out;
    for (size_t l = 0; l < leaves.weights.layers.size(); ++l) {
        const std::string own = "layers." + std::to_string(l) + ".";
        auto& layer = out.emplace_back();
        leaves.weights.for_each([&](const std::string& name, Group, at::Tensor& t) {
            if (!t.requires_grad() || !name.starts_with(own)) return;
            layer.push_back(t.grad().defined() ? t.grad().to(at::kDouble)
                                               : at::zeros_like(t, at::kDouble));
            t.mutable_grad() = at::Tensor();
        });
    }
    return out;
}

double dot(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    double out = 0;
    for (size_t i = 0; i < a.size(); ++i) out += (a[i] * b[i]).sum().item().toDouble();
    return out;
}

/// Squares and products of the parts of one layer, which add up over layers.
struct Products {
    double of[kParts][kParts] = {};
    void add(const Products& other) {
        for (size_t i = 0; i < kParts; ++i)
            for (size_t j = 0; j < kParts; ++j) of[i][j] += other.of[i][j];
    }
};

void add_batch(RouterGradient& to, const Products& p) {
    const auto length = [&](size_t part) { return std::sqrt(std::max(p.of[part][part], 0.0)); };
    double sum = 0;
    for (const auto& row : p.of)
        for (const double v : row) sum += v;
    const double task = length(0), balance = length(1);
    to.task.push_back(task);
    to.balance.push_back(balance);
    to.z.push_back(length(2));
    to.all.push_back(std::sqrt(std::max(sum, 0.0)));
    to.cosine.push_back(task > 0 && balance > 0 ? p.of[0][1] / (task * balance) : stats::kNaN);
}

}  // namespace

Result<std::vector<RouterGradient>> router_gradient(const Model& model, const BatchSource& source,
                                                    int64_t batches, const Progress& progress) {
    if (const auto why = missing(Need::learning_router, model.config)) return usage_error(*why);
    const c10::AutoGradMode grad(true);
    // Leaves of their own over the same storage.
    Model leaves{model.config,
                 model.weights.map([&](const std::string& name, Group group, const at::Tensor& t) {
                     return t.detach().set_requires_grad(kRouter.has(group) &&
                                                         learns(model.config, name, group));
                 })};
    const size_t layers = leaves.weights.layers.size();
    std::vector<RouterGradient> out(layers + 1);
    const auto measure = [&](int64_t, const BatchTensors& batch) {
        Gradient parts[kParts];
        for (size_t i = 0; i < kParts; ++i) {
            const auto loss = part_of(leaves, forward(leaves, batch.ids, {}), batch, i);
            if (loss.defined() && loss.requires_grad()) loss.backward();
            parts[i] = take_gradient(leaves);
        }
        Products all;
        for (size_t l = 0; l < layers; ++l) {
            Products p;
            for (size_t i = 0; i < kParts; ++i)
                for (size_t j = 0; j < kParts; ++j) p.of[i][j] = dot(parts[i][l], parts[j][l]);
            add_batch(out[l], p);
            all.add(p);
        }
        add_batch(out[layers], all);
    };
    const auto done =
        each_batch(source, std::min(batches, source.eval_batches()), model.weights.embed.device(),
                   "gradient of batch", progress, measure);
    if (!done) return done.error();
    return out;
}

}  // namespace hopscope::core
