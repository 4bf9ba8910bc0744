#include "core/train/evaluate.h"

#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/base/stopwatch.h"
#include "core/model/forward.h"
#include "core/train/batch_tensors.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

struct BatchOut {
    ForwardOut forward;
    at::Tensor nll;  ///< [B, T] fp64
    double seconds = 0;
};

BatchOut run_batch(const Model& model, const BatchSource& source, int64_t index,
                   const ForwardOptions& options) {
    const int64_t b = source.batch(), t = source.seq_len();
    const auto batch = eval_tensors(source, index, model.weights.embed.device());
    const Stopwatch watch;
    BatchOut out;
    out.forward = forward(model, batch.ids, options);
    const auto head = kernels::classifier(out.forward.hidden.to(model.weights.embed.scalar_type()),
                                          model.weights.embed, batch.targets);
    out.nll = head.nll.to(at::kDouble).view({b, t}).to(at::kCPU);
    out.seconds = watch.seconds();
    return out;
}

}  // namespace

EvaluationTime time_batch(const Model& model, const BatchSource& source, int64_t index,
                          const PassChanges& changes) {
    const c10::AutoGradMode no_grad(false);
    EvaluationTime time;
    ForwardOptions options;
    options.changes = changes;
    options.moe_seconds = &time.moe_seconds;
    time.seconds = run_batch(model, source, index, options).seconds;
    return time;
}

Result<Evaluation> evaluate(const Model& model, const BatchSource& source, int64_t batches,
                            const PassChanges& changes, const Progress& progress, Probe* probe) {
    const c10::AutoGradMode no_grad(false);
    const int64_t n = std::min(batches, source.eval_batches());
    const int64_t b = source.batch(), t = source.seq_len();
    const auto layers = static_cast<size_t>(model.config.model.n_layers);
    Evaluation out;
    out.hops_executed.assign(layers, 0.0);
    out.executed.resize(layers);
    out.jaccard.resize(layers);
    std::vector<std::vector<int64_t>> pairs(layers);
    ForwardOptions options;
    options.statistics = true;
    options.changes = changes;
    options.probe = probe;
    for (int64_t i = 0; i < n; ++i) {
        if (progress.cancelled()) return stopped_on_request("evaluation");
        progress.report("evaluating batch " + std::to_string(i + 1) + " of " + std::to_string(n),
                        static_cast<double>(i) / static_cast<double>(n));
        const auto done = run_batch(model, source, i, options);
        const auto& f = done.forward;
        out.batches.push_back(done.nll.mean().item().toDouble());
        const auto rows = done.nll.mean(1);
        for (int64_t r = 0; r < b; ++r) out.sequences.push_back(rows.const_data_ptr<double>()[r]);
        out.tokens += b * t;
        for (size_t l = 0; l < layers && !model.config.is_dense(); ++l) {
            const auto& executed = f.stats[l].executed;
            out.executed[l].resize(executed.size(), 0);
            for (size_t hop = 0; hop < executed.size(); ++hop) {
                out.executed[l][hop] += executed[hop];
                out.hops_executed[l] += static_cast<double>(executed[hop]);
            }
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
