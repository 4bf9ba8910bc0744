#include "core/lab/snapshot_series.h"

#include <optional>

#include "core/run/geometry_file.h"

namespace hopscope::core {

Result<SnapshotSeries> snapshot_series(const analysis::AnalysisContext& context) {
    SnapshotSeries out;
    std::optional<GeometrySnapshot> first, last;
    const auto entries = context.folder.geometry();
    for (size_t i = 0; i < entries.size(); ++i) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped on request"};
        context.progress.report(
            "snapshot " + std::to_string(i + 1) + " of " + std::to_string(entries.size()),
            static_cast<double>(i) / static_cast<double>(entries.size()));
        auto read = read_geometry(context.folder.geometry_path(entries[i].step));
        if (!read) return read.error();
        ++out.snapshots;
        if (last)
            out.consecutive.push_back({last->step, read->step, snapshot_change(*last, *read)});
        if (!first) first = *read;
        last = std::move(*read);
    }
    if (out.consecutive.empty()) return out;
    out.whole = {first->step, last->step, snapshot_change(*first, *last)};
    return out;
}

}  // namespace hopscope::core
