// Analysis `amplification`: is what a layer's hops write its first one, louder?
#include "core/analyses/amplification.h"

#include <ATen/TensorOperators.h>
#include <numeric>

#include "core/analyses/measured.h"
#include "core/analyses/perplexities.h"
#include "core/stats/bootstrap.h"

namespace hopscope::core::analysis {

Amplification amplification(const FirstHop& sums, std::span<const int64_t> batches) {
    if (sums.first.empty()) return {};
    double product = 0, first = 0, all = 0;
    for (const int64_t b : batches) {
        product += sums.product[static_cast<size_t>(b)];
        first += sums.first[static_cast<size_t>(b)];
        all += sums.all[static_cast<size_t>(b)];
    }
    const double a = product / first;
    return {a, 1 - (all - 2 * a * product + a * a * first) / all};
}

Amplification amplification(const FirstHop& sums) {
    std::vector<int64_t> all(sums.first.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    return amplification(sums, all);
}

void FirstHopScale::hop_update(int64_t layer, int64_t hop, const at::Tensor&, at::Tensor& dh) {
    if (hop == 0) dh = dh * factors_[static_cast<size_t>(layer)];
}

namespace {

/// Factor and fit of one layer, resampled over its batches.
Fields amplification_fields(size_t layer, const FirstHop& sums, uint64_t seed) {
    const auto found = analysis::amplification(sums);
    const auto batches = static_cast<int64_t>(sums.first.size());
    const auto resampled = [&](double Amplification::*field) {
        const auto drawn =
            stats::bootstrap_statistic(batches,
                                       [&](std::span<const int64_t> units) {
                                           return analysis::amplification(sums, units).*field;
                                       },
                                       {2'000, seed});
        return Estimate{found.*field, drawn.interval(0.95), batches, "batches"};
    };
    Fields out;
    out.place("layer", static_cast<int64_t>(layer))
        .estimate("a", resampled(&Amplification::a))
        .estimate("r2", resampled(&Amplification::r2));
    return out;
}

/// The loss where dh_0 of each layer, times a factor, stands in place of its hops.
Result<Evaluation> first_hop_alone(const AnalysisContext& context,
                                   const std::vector<double>& factors) {
    auto source = context.measured->source(context.progress, kAnalysisBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    PassChanges first_only;
    first_only.hop_limit = 1;
    FirstHopScale probe(factors);
    return evaluate(run.model, **source, kAnalysisBatches, first_only, context.progress, &probe);
}

Result<AnalysisOutput> amplification(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto base = context.measured->base(context.progress);
    if (!base) return base.error();
    std::vector<double> factors;
    for (const auto& layer : (*sample)->layers)
        factors.push_back(analysis::amplification(layer.first_hop).a);
    auto amplified = first_hop_alone(context, factors);
    if (!amplified) return amplified.error();
    auto plain = first_hop_alone(context, std::vector<double>(factors.size(), 1.0));
    if (!plain) return plain.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    out.result = perplexities(**base, *amplified, "amplified", context.seed);
    out.result.object("first_hop_alone", perplexities(**base, *plain, "first_hop", context.seed));
    for (size_t l = 0; l < factors.size(); ++l) {
        const Fields layer = amplification_fields(l, (*sample)->layers[l].first_hop, context.seed);
        out.result.add("layers", layer);
        out.table().add(layer);
    }
    return out;
}

}  // namespace

extern const Analysis kAmplification{
    "amplification",
    {Need::model, Need::several_hops},
    "least squares over tokens of h_accum = a dh_0 in each layer, R^2 = 1 - |h_accum - a dh_0|^2 / "
    "|h_accum|^2 (through the origin), 95 % bootstrap intervals over validation batches; "
    "perplexity with a dh_0 in place of the hops in all layers (first_hop_alone: a = 1), with the "
    "paired interval of the loss difference over the same batches. n: tokens.",
    amplification};

}  // namespace hopscope::core::analysis
