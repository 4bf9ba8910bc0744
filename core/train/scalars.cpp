#include "core/train/scalars.h"

#include <algorithm>
#include <cmath>

#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

void fill_load(LayerScalars& out, std::vector<int64_t> counts) {
    if (counts.empty()) return;
    std::sort(counts.begin(), counts.end());
    double total = 0, squares = 0;
    for (const int64_t c : counts) {
        total += static_cast<double>(c);
        squares += static_cast<double>(c) * static_cast<double>(c);
    }
    const auto n = static_cast<double>(counts.size());
    const double mean = total / n;
    if (mean > 0) {
        out.load_max_over_mean = static_cast<float>(static_cast<double>(counts.back()) / mean);
        out.load_cv =
            static_cast<float>(std::sqrt(std::max(0.0, squares / n - mean * mean)) / mean);
    }
    out.dead = static_cast<float>(std::count(counts.begin(), counts.end(), 0));
    const std::vector<double> sorted(counts.begin(), counts.end());
    out.load_q10 = static_cast<float>(stats::quantile_of_sorted(sorted, 0.1));
    out.load_q50 = static_cast<float>(stats::quantile_of_sorted(sorted, 0.5));
    out.load_q90 = static_cast<float>(stats::quantile_of_sorted(sorted, 0.9));
}

}  // namespace

void accumulate(std::vector<LayerStats>& sum, const std::vector<LayerStats>& part) {
    if (sum.empty()) {
        sum = part;
        return;
    }
    for (size_t l = 0; l < sum.size(); ++l) {
        sum[l].entropy += part[l].entropy;
        sum[l].max_prob += part[l].max_prob;
        for (size_t i = 0; i < sum[l].jaccard.size() && i < part[l].jaccard.size(); ++i)
            sum[l].jaccard[i] += part[l].jaccard[i];
        for (size_t i = 0; i < sum[l].counts.size(); ++i) sum[l].counts[i] += part[l].counts[i];
    }
}

LayerScalars layer_scalars(const LayerStats& sum, double micro_batches, double tau,
                           double moe_scale) {
    LayerScalars out;
    out.entropy = static_cast<float>(sum.entropy / micro_batches);
    out.max_prob = static_cast<float>(sum.max_prob / micro_batches);
    if (!sum.jaccard.empty()) {
        double total = 0;
        for (const double j : sum.jaccard) total += j;
        out.jaccard =
            static_cast<float>(total / micro_batches / static_cast<double>(sum.jaccard.size()));
    }
    fill_load(out, sum.counts);
    out.tau = static_cast<float>(tau);
    out.moe_scale = static_cast<float>(moe_scale);
    return out;
}

}  // namespace hopscope::core
