#include "core/measure/expert_contexts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/measure/each_batch.h"
#include "core/text/random.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

/// Tokens whose expert rows are gathered at a time, so that they stay near the processor.
constexpr int64_t kChunk = 256;

/// ‖expert(h)‖ of each choice, [A, k]: the rows that an expert writes enter by their products.
at::Tensor written_norms(const ExpertCall& call, const at::Tensor& h, const at::Tensor& idx) {
    if (call.bank.kind == kernels::ExpertKind::fixed)
        return at::linalg_vector_norm(call.bank.value, 2, at::IntArrayRef{-1})
            .index_select(0, idx.reshape({-1}))
            .view(idx.sizes());
    const auto act = kernels::reference::activations(h, idx, call.bank);  // [A, k, r]
    const auto products = at::matmul(call.bank.up, call.bank.up.transpose(1, 2))
                              .index_select(0, idx.reshape({-1}))
                              .view({idx.size(0), idx.size(1), act.size(2), act.size(2)});
    return (at::matmul(products, act.unsqueeze(-1)).squeeze(-1) * act).sum(-1).clamp_min(0).sqrt();
}

class UseProbe : public Probe {
  public:
    UseProbe(int64_t layers, int64_t experts)
        : uses(static_cast<size_t>(layers),
               std::vector<std::vector<ExpertUse>>(static_cast<size_t>(experts))) {}

    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor&) override {
        const int64_t rows = call.h.size(0), k = call.route.idx.size(1);
        for (int64_t from = 0; from < rows; from += kChunk) {
            const int64_t n = std::min(kChunk, rows - from);
            const auto idx = call.route.idx.narrow(0, from, n);
            const auto weight = call.used.narrow(0, from, n).to(at::kFloat).cpu().contiguous();
            const auto strength =
                (written_norms(call, call.h.narrow(0, from, n), idx).to(at::kFloat).cpu() *
                 weight.abs())
                    .contiguous();
            const auto chosen = (idx + call.pool_offset).cpu().contiguous();
            for (int64_t i = 0; i < n * k; ++i)
                uses[static_cast<size_t>(layer)]
                    [static_cast<size_t>(chosen.const_data_ptr<int64_t>()[i])]
                        .push_back({static_cast<int32_t>(first_token + from + i / k),
                                    static_cast<int16_t>(hop), strength.const_data_ptr<float>()[i],
                                    weight.const_data_ptr<float>()[i]});
        }
    }

    int64_t first_token = 0;                                ///< of the batch that runs
    std::vector<std::vector<std::vector<ExpertUse>>> uses;  ///< [layers][M]
};

ExpertContexts contexts_of(std::vector<ExpertUse> uses, size_t top, size_t parts, Random& random) {
    ExpertContexts out;
    out.uses = static_cast<int64_t>(uses.size());
    std::stable_sort(uses.begin(), uses.end(), [](const ExpertUse& a, const ExpertUse& b) {
        return a.strength > b.strength;
    });
    out.top.assign(uses.begin(),
                   uses.begin() + static_cast<std::ptrdiff_t>(std::min(top, uses.size())));
    if (uses.size() < parts) return out;
    for (size_t p = 0; p < parts; ++p) {
        const size_t from = uses.size() * p / parts, to = uses.size() * (p + 1) / parts;
        out.sample.push_back(uses[from + random.below(to - from)]);
    }
    return out;
}

}  // namespace

Result<std::vector<std::vector<ExpertContexts>>> expert_contexts(
    const Config& config, const Weights& weights, const BatchSource& source, int64_t batches,
    size_t top, size_t parts, uint64_t seed, const Progress& progress) {
    if (config.model.ffn == "dense") return usage_error("a dense model has no experts");
    const c10::AutoGradMode no_grad(false);
    UseProbe probe(config.model.n_layers, config.moe.experts);
    ForwardOptions options;
    options.probe = &probe;
    const int64_t n = std::min(batches, source.eval_batches());
    const auto done = each_batch(source, n, weights.embed.device(), "uses of experts, batch",
                                 progress, [&](int64_t i, const BatchTensors& batch) {
                                     probe.first_token = i * source.batch() * source.seq_len();
                                     forward(config, weights, batch.ids, options);
                                 });
    if (!done) return done.error();
    Random random(seed);
    std::vector<std::vector<ExpertContexts>> out;
    for (auto& layer : probe.uses) {
        auto& to = out.emplace_back();
        for (auto& uses : layer) to.push_back(contexts_of(std::move(uses), top, parts, random));
    }
    return out;
}

}  // namespace hopscope::core
