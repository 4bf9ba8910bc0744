#include "app/panels/statistics/history.h"

#include <algorithm>

#include "app/panels/statistics/view.h"

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

}  // namespace hopscope::app
