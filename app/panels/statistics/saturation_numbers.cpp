#include "app/panels/statistics/saturation_numbers.h"

#include <algorithm>
#include <cmath>

#include "core/api/base.h"
#include "core/api/pools.h"

namespace hopscope::app {
namespace {

/// Whether two snapshots routed the same tokens through hops of the same sizes.
bool same_sizes(const core::GeometrySnapshot& a, const core::GeometrySnapshot& b) {
    return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [](const core::LayerGeometry& x, const core::LayerGeometry& y) {
                          return x.top_k == y.top_k && x.hops == y.hops &&
                                 x.choices.size() == y.choices.size();
                      });
}

bool same_choices(const core::GeometrySnapshot& a, const core::GeometrySnapshot& b) {
    return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [](const core::LayerGeometry& x, const core::LayerGeometry& y) {
                          return x.choices == y.choices;
                      });
}

/// All, or those nearest to an even division of the logarithm.
Past spread_over_log(const Past& all) {
    if (all.size() <= kSaturationSteps) return all;
    const auto log_step = [](const Snapshot& s) {
        return std::log1p(static_cast<double>(std::max<int64_t>(s->step, 0)));
    };
    const double low = log_step(all.front()), high = log_step(all.back());
    Past out;
    for (size_t i = 0; i < kSaturationSteps; ++i) {
        const double at =
            low + (high - low) * static_cast<double>(i) / static_cast<double>(kSaturationSteps - 1);
        const auto nearest =
            std::min_element(all.begin(), all.end(), [&](const Snapshot& a, const Snapshot& b) {
                return std::abs(log_step(a) - at) < std::abs(log_step(b) - at);
            });
        if (out.empty() || out.back() != *nearest) out.push_back(*nearest);
    }
    return out;
}

void add_step(SaturationCurve& curve, const core::LayerGeometry& now,
              const core::LayerGeometry& last) {
    const auto hops = static_cast<size_t>(last.hops), k = static_cast<size_t>(last.top_k);
    const size_t tokens = last.choices.size() / std::max<size_t>(1, hops * k);
    std::vector<double> sets(tokens, 0.0), first(tokens, 0.0);
    for (size_t h = 0; h < hops; ++h)
        for (size_t t = 0; t < tokens; ++t) {
            const auto* a = now.choices.data() + (h * tokens + t) * k;
            const auto* b = last.choices.data() + (h * tokens + t) * k;
            sets[t] += static_cast<double>(core::common_items({a, k}, {b, k})) /
                       static_cast<double>(k * hops);
            first[t] += (a[0] == b[0] ? 1.0 : 0.0) / static_cast<double>(hops);
        }
    const viz::SampledMean mean = viz::sampled_mean(sets);
    curve.mean.push_back(mean.mean);
    curve.low.push_back(mean.ci95.low);
    curve.high.push_back(mean.ci95.high);
    curve.first.push_back(viz::sampled_mean(first).mean);
}

double chance_of(const core::MoeConfig& moe, const core::LayerGeometry& g) {
    double sum = 0;
    for (int64_t hop = 0; hop < g.hops; ++hop)
        sum +=
            static_cast<double>(g.top_k) / static_cast<double>(core::pool_size(moe, hop, g.hops));
    return sum / static_cast<double>(g.hops);
}

}  // namespace

Saturation saturation_of(const Past& past, const core::MoeConfig& moe) {
    Saturation out;
    if (past.empty()) return out;
    const core::GeometrySnapshot& last = *past.back();
    // The choices of the sample are taken anew more rarely than snapshots are published.
    Past renewed;
    for (const Snapshot& snapshot : past)
        if (same_sizes(*snapshot, last) &&
            (renewed.empty() || !same_choices(*renewed.back(), *snapshot)))
            renewed.push_back(snapshot);
    const Past entries = spread_over_log(renewed);
    out.last_step = last.step;
    for (const Snapshot& snapshot : entries)
        out.steps.push_back(static_cast<double>(snapshot->step));
    for (size_t l = 0; l < last.layers.size(); ++l) {
        const core::LayerGeometry& g = last.layers[l];
        SaturationCurve curve;
        if (g.hops > 0 && g.top_k > 0 && !g.choices.empty()) {
            for (const Snapshot& snapshot : entries) add_step(curve, snapshot->layers[l], g);
            curve.chance = chance_of(moe, g);
            out.tokens =
                std::max(out.tokens, static_cast<int64_t>(g.choices.size()) / (g.hops * g.top_k));
        }
        out.layers.push_back(std::move(curve));
    }
    return out;
}

}  // namespace hopscope::app
