#include "core/lab/halting_effect.h"

#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/model/forward.h"
#include "core/text/random.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

constexpr int64_t kResamples = 2000;
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
        const auto rows = r.rows.contiguous();
        const auto* p = rows.const_data_ptr<int64_t>();
        for (int64_t i = 0; i < rows.size(0); ++i) ++d[static_cast<size_t>(p[i])];
    }
    std::vector<std::vector<int64_t>> depths;
};

/// Mean loss of each sequence of a batch.
std::vector<double> sequence_losses(const Config& config, const Weights& weights,
                                    const at::Tensor& all, const Controls& controls, Probe* probe) {
    const int64_t b = all.size(0), t = all.size(1) - 1;
    ForwardOptions options;
    options.controls = controls;
    options.probe = probe;
    const auto f = forward(config, weights, all.narrow(1, 0, t).contiguous(), options);
    const auto head =
        kernels::classifier(f.hidden, weights.embed, all.narrow(1, 1, t).reshape({-1}));
    const auto rows = head.nll.to(at::kDouble).view({b, t}).mean(1).contiguous();
    return {rows.const_data_ptr<double>(), rows.const_data_ptr<double>() + b};
}

double mean_of(const std::vector<double>& x) {
    double sum = 0;
    for (const double v : x) sum += v;
    return x.empty() ? 0.0 : sum / static_cast<double>(x.size());
}

void shuffle(std::vector<int64_t>& x, Random& random) {
    for (size_t i = x.size(); i > 1; --i) std::swap(x[i - 1], x[random.below(i)]);
}

}  // namespace

std::pair<double, double> bootstrap_interval(const std::vector<double>& d, int64_t resamples,
                                             uint64_t seed) {
    if (d.size() < 2) return {std::nan(""), std::nan("")};
    Random random(seed);
    std::vector<double> means(static_cast<size_t>(resamples));
    for (auto& m : means) {
        double sum = 0;
        for (size_t i = 0; i < d.size(); ++i) sum += d[random.below(d.size())];
        m = sum / static_cast<double>(d.size());
    }
    std::sort(means.begin(), means.end());
    const auto at = [&](double q) {  // linear interpolation between order statistics
        const double x = q * static_cast<double>(means.size() - 1);
        const auto i = static_cast<size_t>(x);
        return i + 1 < means.size()
                   ? means[i] + (x - static_cast<double>(i)) * (means[i + 1] - means[i])
                   : means[i];
    };
    return {at(0.025), at(0.975)};
}

bool measure_halting(const Config& config, const Weights& weights, const BatchSource& valid,
                     double epsilon, int64_t batches, int64_t draws,
                     const std::function<bool()>& cancelled, HaltingEffect& effect) {
    const c10::AutoGradMode no_grad(false);
    const int64_t n = std::min(batches, valid.eval_batches()), b = valid.batch(),
                  t = valid.seq_len();
    Controls halt;
    halt.halt_epsilon = epsilon;
    std::vector<double> base, changed;
    std::vector<std::vector<double>> control(static_cast<size_t>(draws));
    double executed = 0, possible = 0;
    std::vector<int32_t> tokens;
    Random random(kSeed);
    for (int64_t i = 0; i < n; ++i) {
        valid.eval_batch(i, tokens);
        const auto all =
            at::from_blob(tokens.data(), {b, t + 1}, at::TensorOptions().dtype(at::kInt))
                .to(at::kLong);
        const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        if (cancelled()) return false;
        append(base, sequence_losses(config, weights, all, {}, nullptr));
        DepthProbe probe(config.model.n_layers, b * t);
        append(changed, sequence_losses(config, weights, all, halt, &probe));
        for (int64_t l = 0; l < config.model.n_layers; ++l) {
            for (const int64_t d : probe.depths[static_cast<size_t>(l)])
                executed += static_cast<double>(d);
            possible += static_cast<double>(b * t * config.moe.hops_of(l));
        }
        for (auto& c : control) {
            if (cancelled()) return false;
            Controls drawn;
            drawn.depths = probe.depths;
            for (auto& layer : drawn.depths) shuffle(layer, random);
            append(c, sequence_losses(config, weights, all, drawn, nullptr));
        }
    }
    std::vector<double> difference(base.size());
    for (size_t i = 0; i < base.size(); ++i) difference[i] = changed[i] - base[i];
    const auto [low, high] = bootstrap_interval(difference, kResamples, kSeed);
    effect.batches = n;
    effect.tokens = n * b * t;
    effect.valid_loss_base = static_cast<float>(mean_of(base));
    effect.valid_loss_changed = static_cast<float>(mean_of(changed));
    effect.loss_diff_low = static_cast<float>(low);
    effect.loss_diff_high = static_cast<float>(high);
    effect.saving = static_cast<float>(1 - executed / possible);
    effect.mean_hops =
        static_cast<float>(executed / static_cast<double>(n * b * t * config.model.n_layers));
    std::vector<double> means;
    for (const auto& c : control) means.push_back(mean_of(c));
    const double m = mean_of(means);
    double squares = 0;
    for (const double x : means) squares += (x - m) * (x - m);
    effect.control_draws = draws;
    effect.control_loss = static_cast<float>(m);
    effect.control_loss_std =
        draws > 1 ? static_cast<float>(std::sqrt(squares / static_cast<double>(draws - 1))) : kNaN;
    return true;
}

}  // namespace hopscope::core
