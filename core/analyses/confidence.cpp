// Analysis `confidence`: how sure is the router of its choice [def:expert_load]?
#include <cmath>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/config/arithmetic.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// What even use would give: the mean over the layer's hops of ln(pool size).
double uniform_entropy(const MoeConfig& moe, int64_t layer) {
    std::vector<double> even;
    for (const int64_t size : pool_sizes(moe, moe.hops_of(layer)))
        even.push_back(std::log(static_cast<double>(size)));
    return stats::mean(even);
}

Result<AnalysisOutput> confidence(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    std::vector<double> uniform;
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& s = (*sample)->layers[l];
        const auto layer = static_cast<int64_t>(l);
        uniform.push_back(uniform_entropy(context.config.moe, layer));
        Fields row;
        row.place("layer", layer)
            .plain_estimate("entropy", over_batches(s.entropy, context.seed))
            .plain_estimate("max_prob", over_batches(s.max_prob, context.seed))
            .number("uniform_entropy", uniform.back());
        out.result.add("layers", row);
        out.table().add(row);
    }
    out.result.number("uniform_entropy", stats::mean(uniform));
    return out;
}

}  // namespace

extern const Analysis kConfidence{
    "confidence",
    {Need::model, Need::scores},
    "entropy (nats) and largest probability of the full softmax, mean over tokens and hops, 95 % "
    "bootstrap intervals over validation batches. uniform_entropy: of even use, ln(size of a hop's "
    "pool), mean over hops. n: tokens.",
    confidence};

}  // namespace hopscope::core::analysis
