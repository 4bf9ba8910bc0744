#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/train/engine.h"
#include "kernels/ops.h"

namespace hopscope::core {

Result<Evaluation> evaluate(const Config& config, const Weights& weights, const BatchSource& source,
                            int64_t batches, const Controls& controls, const Progress& progress) {
    const c10::AutoGradMode no_grad(false);
    const int64_t n = std::min(batches, source.eval_batches());
    const int64_t b = source.batch(), t = source.seq_len();
    const auto layers = static_cast<size_t>(config.model.n_layers);
    Evaluation out;
    out.hops_executed.assign(layers, 0.0);
    out.jaccard.resize(layers);
    std::vector<std::vector<int64_t>> pairs(layers);
    ForwardOptions options;
    options.statistics = true;
    options.controls = controls;
    std::vector<int32_t> tokens;
    for (int64_t i = 0; i < n; ++i) {
        if (progress.cancelled())
            return Error{ErrorKind::interrupted, "evaluation stopped on request"};
        progress.report("evaluating batch " + std::to_string(i + 1) + " of " + std::to_string(n),
                        static_cast<double>(i) / static_cast<double>(n));
        source.eval_batch(i, tokens);
        const auto all =
            at::from_blob(tokens.data(), {b, t + 1}, at::TensorOptions().dtype(at::kInt))
                .to(at::TensorOptions().dtype(at::kLong).device(weights.embed.device()));
        const auto f = forward(config, weights, all.narrow(1, 0, t).contiguous(), options);
        const auto head = kernels::classifier(f.hidden.to(weights.embed.scalar_type()),
                                              weights.embed, all.narrow(1, 1, t).reshape({-1}));
        out.batches.push_back(head.nll.to(at::kDouble).mean().item().toDouble());
        const auto rows = head.nll.to(at::kDouble).view({b, t}).mean(1).to(at::kCPU);
        for (int64_t r = 0; r < b; ++r) out.sequences.push_back(rows.const_data_ptr<double>()[r]);
        out.tokens += b * t;
        for (size_t l = 0; l < layers && config.model.ffn != "dense"; ++l) {
            int64_t ran = 0;
            for (const int64_t e : f.stats[l].executed) ran += e;
            out.hops_executed[l] += static_cast<double>(ran);
            const auto& j = f.stats[l].jaccard;
            out.jaccard[l].resize(std::max(out.jaccard[l].size(), j.size()), 0.0);
            pairs[l].resize(out.jaccard[l].size(), 0);
            for (size_t p = 0; p < j.size(); ++p) {
                out.jaccard[l][p] += j[p];
                ++pairs[l][p];
            }
        }
    }
    for (auto& hops : out.hops_executed)
        hops /= static_cast<double>(std::max<int64_t>(1, out.tokens));
    for (size_t l = 0; l < layers; ++l)
        for (size_t p = 0; p < out.jaccard[l].size(); ++p)
            out.jaccard[l][p] /= static_cast<double>(pairs[l][p]);
    double sum = 0;
    for (const double x : out.batches) sum += x;
    out.loss = out.batches.empty() ? 0.0 : sum / static_cast<double>(out.batches.size());
    return out;
}

}  // namespace hopscope::core
