#include "app/panels/statistics/view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/api/base.h"
#include "core/api/load_fade.h"
#include "core/api/pools.h"
#include "viz/similarity.h"

namespace hopscope::app {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

LayerMeans means_of(const History& history, RoutingStat stat) {
    LayerMeans out;
    for (const LayerColumns& layer : history.layers) {
        std::vector<double> newest;
        const auto& values = layer.of(stat);
        for (size_t i = values.size() - std::min(values.size(), kMeanUpdates); i < values.size();
             ++i)
            if (std::isfinite(values[i])) newest.push_back(values[i]);
        const viz::SampledMean mean = viz::sampled_mean(newest);
        out.mean.push_back(mean.mean);
        out.ci95.push_back(mean.ci95);
        const auto range = std::minmax_element(newest.begin(), newest.end());
        out.low.push_back(newest.empty() ? kNone : *range.first);
        out.high.push_back(newest.empty() ? kNone : *range.second);
        out.updates = std::max(out.updates, mean.n);
    }
    return out;
}

/// Jaccard of the index sets of two lists of choices, each [hops, tokens, k]: mean over tokens of
/// the mean over hops; n 0 where sizes differ.
viz::SampledMean mean_jaccard(const core::LayerGeometry& a, const core::LayerGeometry& b) {
    const auto k = static_cast<size_t>(a.top_k), hops = static_cast<size_t>(a.hops);
    if (k * hops == 0 || a.top_k != b.top_k || a.hops != b.hops ||
        a.choices.size() != b.choices.size())
        return {};
    const size_t tokens = a.choices.size() / (k * hops);
    std::vector<double> of_token(tokens, 0.0);
    for (size_t i = 0; i < tokens * hops; ++i)
        of_token[i % tokens] +=
            core::jaccard_of({a.choices.data() + i * k, k}, {b.choices.data() + i * k, k}) /
            static_cast<double>(hops);
    return viz::sampled_mean(of_token);
}

}  // namespace

bool has_load(const core::LayerGeometry& layer) {
    return std::any_of(layer.load.begin(), layer.load.end(), [](float x) { return x > 0; });
}

double recent_choices(const core::Config& config, const core::LayerGeometry& layer, int64_t step) {
    const core::TrainConfig& t = config.train;
    const double update = static_cast<double>(t.batch * t.seq_len * t.grad_accum) *
                          static_cast<double>(layer.hops * layer.top_k);
    // Of weights w_i = kept^i a mean is worth (Σ w)² / Σ w² updates.
    const double kept = core::kLoadKept, updates = static_cast<double>(step);
    const double worth =
        (1 - std::pow(kept, updates)) / (1 + std::pow(kept, updates)) * (1 + kept) / (1 - kept);
    return update * worth;
}

viz::Interval load_interval(double share, double choices, int64_t experts) {
    const viz::Interval of_share = viz::wilson_interval(share * choices, choices);
    const auto n = static_cast<double>(experts);
    return {of_share.low * n, of_share.high * n};
}

Utilisation utilisation_of(const core::LayerGeometry& layer, double choices) {
    Utilisation u;
    if (!has_load(layer)) return u;
    u.choices = choices;
    u.experts = viz::spread_over_ranks(layer.load, layer.load.size());
    const double n = static_cast<double>(layer.load.size());
    u.chance_cv = std::sqrt((n - 1) / choices);
    double squares = 0;
    for (size_t i = 0; i < u.experts.size(); ++i) {
        const double times = static_cast<double>(layer.load[static_cast<size_t>(u.experts[i])]) * n;
        u.ranks.push_back(static_cast<double>(i + 1));
        u.loads.push_back(times > 0 ? times : kNone);
        if (times == 0) ++u.unused;
        if (std::isfinite(times)) squares += (times - 1) * (times - 1);
    }
    u.cv = n > 0 ? std::sqrt(squares / n) : kNone;
    u.max_over_mean = u.loads.empty() ? kNone : u.loads.front();
    return u;
}

viz::SampledMean hop_overlap(const core::LayerGeometry& g, const core::MoeConfig& moe, int64_t a,
                             int64_t b) {
    const auto k = static_cast<size_t>(g.top_k), hops = static_cast<size_t>(g.hops);
    if (k * hops == 0 || a >= g.hops || b >= g.hops || g.choices.size() % (hops * k) != 0)
        return {};
    const size_t tokens = g.choices.size() / (hops * k);
    const auto first_of = [&](int64_t hop) {
        int64_t first = 0;
        for (int64_t h = 0; h < hop && moe.pools == core::Pools::unrolled; ++h)
            first += core::pool_size(moe, h, g.hops);
        return static_cast<int32_t>(first);
    };
    const int32_t apart = first_of(b) - first_of(a);
    std::vector<double> of_token;
    std::vector<int32_t> moved(k);
    for (size_t t = 0; t < tokens; ++t) {
        const auto* in_a = g.choices.data() + (static_cast<size_t>(a) * tokens + t) * k;
        const auto* in_b = g.choices.data() + (static_cast<size_t>(b) * tokens + t) * k;
        std::transform(in_a, in_a + k, moved.begin(), [&](int32_t e) { return e + apart; });
        of_token.push_back(core::jaccard_of(moved, {in_b, k}));
    }
    return viz::sampled_mean(of_token);
}

std::vector<viz::SampledMean> hop_overlaps(const core::LayerGeometry& g,
                                           const core::MoeConfig& moe) {
    std::vector<viz::SampledMean> out;
    for (int64_t a = 0; a < g.hops; ++a)
        for (int64_t b = 0; b < g.hops; ++b)
            out.push_back(b < a ? out[static_cast<size_t>(b * g.hops + a)]
                                : hop_overlap(g, moe, a, b));
    return out;
}

LayerOverlap layer_overlap(const core::GeometrySnapshot& snapshot, const core::MoeConfig& moe) {
    LayerOverlap out;
    out.layers = static_cast<int64_t>(snapshot.layers.size());
    for (const auto& g : snapshot.layers) out.pairs = std::max(out.pairs, g.hops - 1);
    if (out.pairs < 1) return {};
    for (const auto& g : snapshot.layers)
        for (int64_t h = 0; h < out.pairs; ++h) {
            const auto at = static_cast<size_t>(h * g.hops + h + 1);
            out.jaccard.push_back(h + 1 < g.hops && at < g.jaccard.size() ? g.jaccard[at]
                                                                          : core::kNaN);
            out.sampled.push_back(hop_overlap(g, moe, h, h + 1));
        }
    return out;
}

bool LayerMeans::any() const {
    return std::any_of(mean.begin(), mean.end(), [](double v) { return std::isfinite(v); });
}

LayerMeans entropy_by_layer(const History& history) {
    return means_of(history, RoutingStat::entropy);
}

LayerMeans entropy_by_layer(const core::GeometrySnapshot& recorded) {
    LayerMeans out;
    for (const core::LayerGeometry& layer : recorded.layers) {
        const viz::SampledMean mean = viz::sampled_mean(layer.entropy);
        double low = core::kNaN, high = core::kNaN;
        for (const float x : layer.entropy) {
            if (!std::isfinite(x)) continue;
            low = std::fmin(low, static_cast<double>(x));
            high = std::fmax(high, static_cast<double>(x));
        }
        out.mean.push_back(mean.mean);
        out.low.push_back(low);
        out.high.push_back(high);
        out.ci95.push_back(mean.ci95);
        out.tokens = std::max(out.tokens, mean.n);
    }
    return out;
}

LayerMeans max_prob_by_layer(const History& history) {
    return means_of(history, RoutingStat::max_prob);
}

LayerNorms norms_of(const core::TraceResult& trace) {
    LayerNorms out;
    if (!trace.error.empty()) return out;
    out.tokens = static_cast<int64_t>(trace.tokens.size());
    out.step = trace.step;
    for (const auto& layer : trace.layers) {
        const viz::SampledMean attention = viz::sampled_mean(layer.attention_norm);
        const viz::SampledMean experts = viz::sampled_mean(layer.update_norm);
        out.attention.push_back(attention.mean);
        out.experts.push_back(experts.mean);
        out.attention_ci95.push_back(attention.ci95);
        out.experts_ci95.push_back(experts.ci95);
    }
    return out;
}

int64_t LoadMap::step_of(int64_t column) const {
    if (columns < 1) return first_step;
    const double share = (static_cast<double>(column) + 0.5) / static_cast<double>(columns);
    return first_step + static_cast<int64_t>(static_cast<double>(last_step - first_step) * share);
}

LoadMap load_map(const Past& past, size_t layer, int64_t columns) {
    LoadMap map;
    Past entries = past;
    // Before the first update nothing was counted: no load is not a load of 0.
    std::erase_if(entries, [&](const Snapshot& snapshot) {
        return std::none_of(snapshot->layers.begin(), snapshot->layers.end(), has_load);
    });
    if (entries.empty() || layer >= entries.back()->layers.size()) return map;
    const auto& newest = entries.back()->layers[layer].load;
    map.experts = static_cast<int64_t>(newest.size());
    if (map.experts == 0) return map;
    map.first_step = entries.front()->step;
    map.last_step = entries.back()->step;
    map.columns = std::min<int64_t>(columns, map.last_step - map.first_step + 1);
    map.order = viz::spread_over_ranks(newest, newest.size());
    const auto width = static_cast<size_t>(map.columns);
    map.values.assign(newest.size() * width, std::numeric_limits<float>::quiet_NaN());
    size_t entry = 0;
    for (size_t c = 0; c < width; ++c) {
        // The last column is the newest snapshot, whatever rounding says.
        const int64_t step = c + 1 == width ? map.last_step : map.step_of(static_cast<int64_t>(c));
        while (entry + 1 < entries.size() && entries[entry + 1]->step <= step) ++entry;
        const auto& loads = entries[entry]->layers[layer].load;
        for (size_t row = 0; row < map.order.size(); ++row) {
            const float share = loads[static_cast<size_t>(map.order[row])];
            const float times = share * static_cast<float>(map.experts);
            map.values[row * width + c] = times > 0           ? std::log2(times)
                                          : std::isnan(times) ? times
                                                              : LoadMap::kUnused;
        }
    }
    return map;
}

StepOverlap step_overlap(const Past& past, size_t layer) {
    StepOverlap out;
    if (past.empty() || layer >= past.back()->layers.size()) return out;
    const auto chosen = [&](const Snapshot& snapshot) -> const core::LayerGeometry& {
        return snapshot->layers[layer];
    };
    const core::LayerGeometry& now = chosen(past.back());
    if (now.top_k < 1) return out;
    const auto same_tokens = [&](const core::LayerGeometry& g) {
        return g.top_k == now.top_k && g.hops == now.hops && g.choices.size() == now.choices.size();
    };
    // The choices of the sample are taken anew more rarely than snapshots are published.
    Past renewed;
    for (const Snapshot& snapshot : past)
        if (same_tokens(chosen(snapshot)) &&
            (renewed.empty() || chosen(renewed.back()).choices != chosen(snapshot).choices))
            renewed.push_back(snapshot);
    Past entries;
    for (const size_t i : spread_evenly(renewed.size(), kOverlapSteps))
        entries.push_back(renewed[i]);
    const size_t n = entries.size();
    out.hops = now.hops;
    out.tokens =
        static_cast<int64_t>(now.choices.size()) / std::max<int64_t>(1, now.hops * now.top_k);
    out.jaccard.assign(n * n, 1.0f);
    out.ci95.assign(n * n, {});
    for (size_t i = 0; i < n; ++i) {
        out.steps.push_back(entries[i]->step);
        for (size_t j = i + 1; j < n; ++j) {
            const viz::SampledMean mean = mean_jaccard(chosen(entries[i]), chosen(entries[j]));
            out.jaccard[i * n + j] = out.jaccard[j * n + i] = static_cast<float>(mean.mean);
            out.ci95[i * n + j] = out.ci95[j * n + i] = mean.ci95;
        }
    }
    return out;
}

}  // namespace hopscope::app
