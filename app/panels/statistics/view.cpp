#include "app/panels/statistics/view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/widgets/format.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

LayerMeans means_of(const History& history, RoutingStat stat) {
    LayerMeans out;
    for (const LayerColumns& layer : history.layers) {
        const auto& values = layer.of(stat);
        double sum = 0, low = kNone, high = kNone;
        int64_t n = 0;
        for (size_t i = values.size() - std::min(values.size(), kMeanUpdates); i < values.size();
             ++i) {
            if (!std::isfinite(values[i])) continue;
            sum += values[i];
            low = n == 0 ? values[i] : std::min(low, values[i]);
            high = n == 0 ? values[i] : std::max(high, values[i]);
            ++n;
        }
        out.mean.push_back(n > 0 ? sum / static_cast<double>(n) : kNone);
        out.low.push_back(low);
        out.high.push_back(high);
        out.updates = std::max(out.updates, n);
    }
    return out;
}

double mean_of(const std::vector<float>& values) {
    double sum = 0;
    int64_t n = 0;
    for (const float v : values)
        if (std::isfinite(v)) sum += v, ++n;
    return n > 0 ? sum / static_cast<double>(n) : kNone;
}

/// Mean Jaccard of the index sets of two lists of choices, each [sets, k]; NaN where sizes differ.
float mean_jaccard(const core::LayerGeometry& a, const core::LayerGeometry& b) {
    const auto k = static_cast<size_t>(a.top_k);
    if (k == 0 || a.top_k != b.top_k || a.choices.size() != b.choices.size() || a.choices.empty())
        return std::numeric_limits<float>::quiet_NaN();
    double sum = 0;
    const size_t sets = a.choices.size() / k;
    for (size_t i = 0; i < sets; ++i) {
        sum += core::jaccard_of({a.choices.data() + i * k, k}, {b.choices.data() + i * k, k});
    }
    return static_cast<float>(sum / static_cast<double>(sets));
}

}  // namespace

const char* name_of(RowOrder order) {
    return order == RowOrder::similarity ? "similarity" : "load";
}

Collinearity collinearity_of(const core::GeometrySnapshot& snapshot, size_t layer, RowOrder order) {
    Collinearity c;
    c.order = order;
    c.step = snapshot.step;
    c.layer = static_cast<int64_t>(layer);
    if (layer >= snapshot.layers.size()) return c;
    const core::LayerGeometry& g = snapshot.layers[layer];
    if (g.experts < 1 || g.centroids.empty() ||
        g.centroids.size() % static_cast<size_t>(g.experts) != 0)
        return c;
    c.experts = g.experts;
    c.width = static_cast<int64_t>(g.centroids.size()) / g.experts;
    c.all = viz::summarise_similarity(g.centroids, c.width);
    std::vector<float> load = g.load;
    load.resize(static_cast<size_t>(g.experts), 0.0f);
    c.shown = viz::spread_over_ranks(load, kMatrixRows);
    c.cosines = viz::cosines_of(g.centroids, c.width, c.shown);
    if (order == RowOrder::load) return c;
    const size_t n = c.shown.size();
    const auto leaves = viz::order_by_similarity(c.cosines, n);
    std::vector<int32_t> shown(n);
    std::vector<float> cosines(n * n);
    for (size_t i = 0; i < n; ++i) {
        const auto from = static_cast<size_t>(leaves[i]);
        shown[i] = c.shown[from];
        for (size_t j = 0; j < n; ++j)
            cosines[i * n + j] = c.cosines[from * n + static_cast<size_t>(leaves[j])];
    }
    c.shown = std::move(shown);
    c.cosines = std::move(cosines);
    return c;
}

std::string caption_of(const Collinearity& c) {
    const auto n = static_cast<int64_t>(c.shown.size());
    std::string text = n < c.experts
                           ? with_thousands(n) + " of " + with_thousands(c.experts) +
                                 " experts (every " +
                                 rounded(static_cast<double>(c.experts) / static_cast<double>(n),
                                         c.experts % n == 0 ? 0 : 1) +
                                 "th by load), sorted by "
                           : with_thousands(n) + " experts, sorted by ";
    return text + name_of(c.order);
}

bool has_load(const core::LayerGeometry& layer) {
    return std::any_of(layer.load.begin(), layer.load.end(), [](float x) { return x > 0; });
}

Utilisation utilisation_of(const core::LayerGeometry& layer) {
    Utilisation u;
    if (!has_load(layer)) return u;
    u.experts = viz::spread_over_ranks(layer.load, layer.load.size());
    const double n = static_cast<double>(layer.load.size());
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

LayerOverlap layer_overlap(const core::GeometrySnapshot& snapshot) {
    LayerOverlap out;
    out.layers = static_cast<int64_t>(snapshot.layers.size());
    for (const auto& g : snapshot.layers) out.pairs = std::max(out.pairs, g.hops - 1);
    if (out.pairs < 1) return {};
    for (const auto& g : snapshot.layers)
        for (int64_t h = 0; h < out.pairs; ++h) {
            const auto at = static_cast<size_t>(h * g.hops + h + 1);
            out.jaccard.push_back(h + 1 < g.hops && at < g.jaccard.size() ? g.jaccard[at]
                                                                          : core::kNaN);
        }
    return out;
}

bool LayerMeans::any() const {
    return std::any_of(mean.begin(), mean.end(), [](double v) { return std::isfinite(v); });
}

LayerMeans entropy_by_layer(const History& history) {
    return means_of(history, RoutingStat::entropy);
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
        out.attention.push_back(mean_of(layer.attention_norm));
        out.experts.push_back(mean_of(layer.update_norm));
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
    // The choices of the sample are taken anew more rarely than snapshots are published.
    Past renewed;
    for (const Snapshot& snapshot : past)
        if (renewed.empty() || chosen(renewed.back()).choices != chosen(snapshot).choices)
            renewed.push_back(snapshot);
    Past entries;
    for (const size_t i : spread_evenly(renewed.size(), kOverlapSteps))
        entries.push_back(renewed[i]);
    const size_t n = entries.size();
    out.hops = now.hops;
    out.tokens =
        static_cast<int64_t>(now.choices.size()) / std::max<int64_t>(1, now.hops * now.top_k);
    out.jaccard.assign(n * n, 1.0f);
    for (size_t i = 0; i < n; ++i) {
        out.steps.push_back(entries[i]->step);
        for (size_t j = i + 1; j < n; ++j)
            out.jaccard[i * n + j] = out.jaccard[j * n + i] =
                mean_jaccard(chosen(entries[i]), chosen(entries[j]));
    }
    return out;
}

}  // namespace hopscope::app
