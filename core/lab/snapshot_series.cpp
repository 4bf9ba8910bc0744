#include "core/lab/snapshot_series.h"

#include <optional>

#include "core/measure/snapshot_change.h"
#include "core/stats/bootstrap.h"

namespace hopscope::core {
namespace {

/// Fewer than elsewhere: a long run has hundreds of snapshots of thousands of experts.
constexpr int64_t kResamples = 1'000;

ChangeMean mean_of(const std::vector<double>& x, uint64_t seed) {
    const auto found = stats::bootstrap_mean(x, {kResamples, seed});
    return {found.estimate, found.interval(0.95), static_cast<int64_t>(x.size())};
}

SnapshotStep step_between(const GeometrySnapshot& from, const GeometrySnapshot& to, uint64_t seed) {
    SnapshotStep out{from.step, to.step, {}};
    for (const LayerChange& change : snapshot_change(from, to))
        out.layers.push_back({mean_of(change.angles, seed), mean_of(change.changed, seed),
                              mean_of(change.jaccard, seed)});
    return out;
}

}  // namespace

Result<SnapshotSeries> snapshot_series(const analysis::AnalysisContext& context) {
    SnapshotSeries out;
    SavedSnapshots saved(context.folder);
    std::optional<GeometrySnapshot> first, last;
    const auto entries = context.folder.geometry();
    for (size_t i = 0; i < entries.size(); ++i) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped on request"};
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

}  // namespace hopscope::core
