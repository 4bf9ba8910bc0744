#include "app/panels/statistics_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/panels/statistics_view.h"
#include "viz/similarity.h"

namespace hopscope::app {
namespace {

bool same_sizes(const StatisticsHistory::Loads& entry, const core::GeometrySnapshot& snapshot) {
    if (entry.layers.size() != snapshot.layers.size()) return false;
    for (size_t l = 0; l < entry.layers.size(); ++l)
        if (entry.layers[l].size() != snapshot.layers[l].load.size()) return false;
    return true;
}

size_t load_bytes(const core::GeometrySnapshot& snapshot) {
    size_t bytes = 1;
    for (const auto& layer : snapshot.layers) bytes += layer.load.size() * sizeof(float);
    return bytes;
}

}  // namespace

template <class Entry>
void StatisticsHistory::keep(std::vector<Entry>& entries, int64_t& stride, size_t most,
                             Entry entry) {
    // The newest always stands last; it takes the place of one that is too near to the one before.
    const size_t n = entries.size();
    if (n >= 2 && entries[n - 1].step - entries[n - 2].step < stride) entries.pop_back();
    entries.push_back(std::move(entry));
    if (entries.size() <= most) return;
    std::vector<Entry> kept;
    for (size_t i = 0; i + 1 < entries.size(); i += 2) kept.push_back(std::move(entries[i]));
    kept.push_back(std::move(entries.back()));
    entries = std::move(kept);
    const int64_t span = entries.back().step - entries.front().step;
    stride = std::max(stride * 2, span / static_cast<int64_t>(most));
}

void StatisticsHistory::add(const core::GeometrySnapshot& snapshot) {
    if (!loads_.empty() && !same_sizes(loads_.back(), snapshot)) clear();
    const auto later = [&](const auto& entry) { return entry.step >= snapshot.step; };
    std::erase_if(loads_, later);
    std::erase_if(choices_, later);

    Loads loads;
    Choices choices;
    loads.step = choices.step = snapshot.step;
    for (const auto& layer : snapshot.layers) {
        loads.layers.push_back(layer.load);
        choices.layers.push_back({layer.top_k, layer.choices});
    }
    // Before the first update nothing was counted: no load is not a load of 0.
    const size_t most = std::clamp<size_t>(kBytes / load_bytes(snapshot), 4, kLoads);
    if (std::any_of(snapshot.layers.begin(), snapshot.layers.end(), has_load))
        keep(loads_, load_stride_, most, std::move(loads));

    // The choices of the sample are taken anew more rarely than loads are published.
    const bool renewed =
        choices_.empty() ||
        !std::equal(choices.layers.begin(), choices.layers.end(), choices_.back().layers.begin(),
                    choices_.back().layers.end(),
                    [](const auto& a, const auto& b) { return a.experts == b.experts; });
    if (renewed) keep(choices_, choice_stride_, kChoices, std::move(choices));
}

int64_t LoadMap::step_of(int64_t column) const {
    if (columns < 1) return first_step;
    const double share = (static_cast<double>(column) + 0.5) / static_cast<double>(columns);
    return first_step + static_cast<int64_t>(static_cast<double>(last_step - first_step) * share);
}

LoadMap load_map(const StatisticsHistory& history, size_t layer, int64_t columns) {
    LoadMap map;
    const auto& entries = history.loads();
    if (entries.empty() || layer >= entries.back().layers.size()) return map;
    const auto& newest = entries.back().layers[layer];
    map.experts = static_cast<int64_t>(newest.size());
    if (map.experts == 0) return map;
    map.first_step = entries.front().step;
    map.last_step = entries.back().step;
    map.columns = std::min<int64_t>(columns, map.last_step - map.first_step + 1);
    map.order = viz::spread_over_ranks(newest, newest.size());
    const auto width = static_cast<size_t>(map.columns);
    map.values.assign(newest.size() * width, std::numeric_limits<float>::quiet_NaN());
    size_t entry = 0;
    for (size_t c = 0; c < width; ++c) {
        // The last column is the newest snapshot, whatever rounding says.
        const int64_t step = c + 1 == width ? map.last_step : map.step_of(static_cast<int64_t>(c));
        while (entry + 1 < entries.size() && entries[entry + 1].step <= step) ++entry;
        const auto& loads = entries[entry].layers[layer];
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

namespace {

/// Mean Jaccard of the index sets of two lists of choices, each [sets, k]; −1 where sizes differ.
float mean_jaccard(const StatisticsHistory::Choices::Layer& a,
                   const StatisticsHistory::Choices::Layer& b) {
    const auto k = static_cast<size_t>(a.top_k);
    if (k == 0 || a.top_k != b.top_k || a.experts.size() != b.experts.size() || a.experts.empty())
        return std::numeric_limits<float>::quiet_NaN();
    double sum = 0;
    const size_t sets = a.experts.size() / k;
    for (size_t i = 0; i < sets; ++i) {
        const int32_t *x = a.experts.data() + i * k, *y = b.experts.data() + i * k;
        size_t both = 0;
        for (size_t j = 0; j < k; ++j) both += std::find(y, y + k, x[j]) != y + k;
        sum += static_cast<double>(both) / static_cast<double>(2 * k - both);
    }
    return static_cast<float>(sum / static_cast<double>(sets));
}

}  // namespace

StepOverlap step_overlap(const StatisticsHistory& history, const core::LayerGeometry& now,
                         size_t layer) {
    StepOverlap out;
    const auto& entries = history.choices();
    if (entries.empty() || layer >= entries.back().layers.size() || now.top_k < 1) return out;
    const size_t n = entries.size();
    out.hops = now.hops;
    out.tokens =
        static_cast<int64_t>(now.choices.size()) / std::max<int64_t>(1, now.hops * now.top_k);
    out.jaccard.assign(n * n, 1.0f);
    for (size_t i = 0; i < n; ++i) {
        out.steps.push_back(entries[i].step);
        for (size_t j = i + 1; j < n; ++j)
            out.jaccard[i * n + j] = out.jaccard[j * n + i] =
                mean_jaccard(entries[i].layers[layer], entries[j].layers[layer]);
    }
    return out;
}

}  // namespace hopscope::app
