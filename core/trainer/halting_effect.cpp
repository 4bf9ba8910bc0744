#include "core/trainer/halting_effect.h"

#include <ATen/TensorOperators.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/base/random.h"
#include "core/model/forward.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/train/batch_tensors.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

constexpr int64_t kHaltResamples = 2000;
constexpr uint64_t kSeed = 42;

/// Counts the hops that each token ran in each layer.
class DepthProbe : public Probe {
  public:
    DepthProbe(int64_t layers, int64_t tokens)
        : depths(static_cast<size_t>(layers),
                 std::vector<int64_t>(static_cast<size_t>(tokens), 0)) {}
    void after_hop(int64_t layer, int64_t, const HopRecord& r) override {
        auto& d = depths[static_cast<size_t>(layer)];
        if (!r.rows.defined()) {
            for (auto& x : d) ++x;
            return;
        }
        const auto rows = r.rows.to(at::kCPU).contiguous();
        const auto* p = rows.const_data_ptr<int64_t>();
        for (int64_t i = 0; i < rows.size(0); ++i) ++d[static_cast<size_t>(p[i])];
    }
    BatchDepths depths;
};

/// Mean loss of each sequence of a batch.
std::vector<double> sequence_losses(const Model& model, const BatchTensors& batch,
                                    const PassChanges& changes, Probe* probe) {
    const int64_t b = batch.ids.size(0), t = batch.ids.size(1);
    ForwardOptions options;
    options.changes = changes;
    options.probe = probe;
    const auto f = forward(model, batch.ids, options);
    const auto head = kernels::classifier(f.hidden.to(model.weights.embed.scalar_type()),
                                          model.weights.embed, batch.targets);
    const auto rows = head.nll.to(at::kDouble).view({b, t}).mean(1).to(at::kCPU).contiguous();
    return {rows.const_data_ptr<double>(), rows.const_data_ptr<double>() + b};
}

}  // namespace

bool measure_halting(
    const Model& model, const BatchSource& valid, double epsilon, int64_t batches, int64_t draws,
    const std::function<bool()>& cancelled, HaltingEffect& effect,
    const std::function<void(const BatchTensors& batch, const BatchDepths& depths)>& seen) {
    const c10::AutoGradMode no_grad(false);
    const int64_t n = std::min(batches, valid.eval_batches()), b = valid.batch(),
                  t = valid.seq_len();
    PassChanges halt;
    halt.halt_epsilon = epsilon;
    std::vector<double> base, changed;
    std::vector<std::vector<double>> control(static_cast<size_t>(draws));
    double executed = 0, possible = 0;
    Random random(kSeed);
    for (int64_t i = 0; i < n; ++i) {
        const auto batch = eval_tensors(valid, i, model.weights.embed.device());
        const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        if (cancelled()) return false;
        append(base, sequence_losses(model, batch, {}, nullptr));
        DepthProbe probe(model.config.model.n_layers, b * t);
        append(changed, sequence_losses(model, batch, halt, &probe));
        if (seen) seen(batch, probe.depths);
        for (int64_t l = 0; l < model.config.model.n_layers; ++l) {
            for (const int64_t d : probe.depths[static_cast<size_t>(l)])
                executed += static_cast<double>(d);
            possible += static_cast<double>(b * t * model.config.moe.hops_of(l));
        }
        for (auto& c : control) {
            if (cancelled()) return false;
            PassChanges drawn;
            drawn.depths = probe.depths;
            for (auto& layer : drawn.depths) random.shuffle(layer);
            append(c, sequence_losses(model, batch, drawn, nullptr));
        }
    }
    std::vector<double> difference(base.size());
    for (size_t i = 0; i < base.size(); ++i) difference[i] = changed[i] - base[i];
    const auto interval = stats::bootstrap_mean(difference, {kHaltResamples, kSeed}).interval(0.95);
    effect.batches = n;
    effect.tokens = n * b * t;
    effect.valid_loss_base = static_cast<float>(stats::mean(base));
    effect.valid_loss_changed = static_cast<float>(stats::mean(changed));
    effect.loss_diff_low = static_cast<float>(interval.low);
    effect.loss_diff_high = static_cast<float>(interval.high);
    effect.saving = static_cast<float>(1 - executed / possible);
    effect.mean_hops =
        static_cast<float>(executed / static_cast<double>(n * b * t * model.config.model.n_layers));
    std::vector<double> means;
    for (const auto& c : control) means.push_back(stats::mean(c));
    effect.control_draws = draws;
    effect.control_loss = static_cast<float>(stats::mean(means));
    effect.control_loss_std = static_cast<float>(stats::sample_std(means));
    return true;
}

}  // namespace hopscope::core
