#include "core/analyses/snapshot_series.h"

#include <optional>

#include "core/analyses/snapshot_change.h"

namespace hopscope::core::analysis {
namespace {

/// Fewer than elsewhere: a long run has hundreds of snapshots of thousands of experts.
constexpr int64_t kSnapshotResamples = 1'000;

Estimate over(const std::vector<double>& x, const char* units, uint64_t seed) {
    return mean_over(x, units, seed, kSnapshotResamples);
}

SnapshotStep step_between(const GeometrySnapshot& from, const GeometrySnapshot& to, uint64_t seed) {
    SnapshotStep out{from.step, to.step, {}};
    for (const LayerChange& change : snapshot_change(from, to))
        out.layers.push_back({over(change.angles, "experts", seed),
                              over(change.changed, "tokens", seed),
                              over(change.jaccard, "tokens", seed)});
    return out;
}

}  // namespace

Result<SnapshotSeries> snapshot_series(const AnalysisContext& context) {
    SnapshotSeries out;
    SavedSnapshots saved(context.folder);
    std::optional<GeometrySnapshot> first, last;
    const auto entries = context.folder.geometry();
    for (size_t i = 0; i < entries.size(); ++i) {
        if (context.progress.cancelled()) return stopped_on_request();
        context.progress.report(
            "snapshot " + std::to_string(i + 1) + " of " + std::to_string(entries.size()),
            static_cast<double>(i) / static_cast<double>(entries.size()));
        auto read = saved.read(entries[i].step);
        if (!read) continue;
        ++out.snapshots;
        if (last) out.consecutive.push_back(step_between(*last, *read, context.seed));
        if (!first) first = *read;
        last = std::move(read);
    }
    out.damaged = saved.damaged();
    if (out.consecutive.empty()) return out;
    out.whole = step_between(*first, *last, context.seed);
    return out;
}

}  // namespace hopscope::core::analysis
