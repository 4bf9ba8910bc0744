// Analysis `drift`: how far do centroids and choices move between the saved snapshots of a run?
#include "core/analyses/analysis.h"
#include "core/analyses/snapshot_series.h"

namespace hopscope::core::analysis {
namespace {

/// What changed between two snapshots: a number a layer each.
Fields change_fields(const SnapshotStep& step) {
    Estimates angles, changed;
    for (const LayerStep& layer : step.layers) {
        angles.add(layer.angle);
        changed.add(layer.changed);
    }
    Fields out;
    out.count("from", step.from)
        .count("to", step.to)
        .estimates("angle_degrees", angles)
        .estimates("choices_changed", changed);
    return out;
}

void add_rows(Table& table, const SnapshotStep& step) {
    for (size_t l = 0; l < step.layers.size(); ++l) {
        const LayerStep& c = step.layers[l];
        Fields row;
        row.place("from", step.from)
            .place("to", step.to)
            .place("layer", static_cast<int64_t>(l))
            .estimate("angle_degrees", c.angle)
            .cell("degrees_per_1000_updates",
                  1000 * c.angle.value / static_cast<double>(step.to - step.from))
            .estimate("choices_changed", c.changed);
        table.add(row);
    }
}

Result<AnalysisOutput> drift(const AnalysisContext& context) {
    auto series = snapshot_series(context);
    if (!series) return series.error();
    if (series->consecutive.empty())
        return usage_error(
            context.folder.dir() + "/geometry: found " + std::to_string(series->snapshots) +
            " snapshots that can be read, drift needs two or more" +
            (series->damaged.empty() ? "" : "; cannot be read: " + series->damaged.front().reason));
    AnalysisOutput out;
    out.n = series->snapshots;
    out.result.count("snapshots", series->snapshots);
    for (const auto& step : series->consecutive) {
        out.result.add("intervals", change_fields(step));
        add_rows(out.table(), step);
    }
    out.result.object("whole_run", change_fields(series->whole))
        .json("damaged", damaged_json(series->damaged));
    return out;
}

}  // namespace

extern const Analysis kDrift{
    "drift",
    {Need::routing, Need::two_snapshots},
    "between consecutive saved snapshots and over the whole run, for each layer: mean over experts "
    "of the angle of a centroid to itself, degrees (stored in 16 bits: below 0.03 is rounding; "
    "null without centroids); share of the choices of the fixed probe sample that the same token "
    "and hop did not make before. 95 % bootstrap intervals over experts, over tokens. damaged: "
    "snapshots that cannot be read. n: snapshots.",
    drift};

}  // namespace hopscope::core::analysis
