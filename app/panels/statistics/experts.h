// What the pages of the statistics panel have in common: the layer of a snapshot that they show,
// and how they name and mark an expert of it. Window thread only, inside an ImGui window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/statistics/matrix.h"
#include "app/panels/statistics/row_order.h"
#include "app/panels/statistics/view.h"
#include "core/api/layer_names.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

struct SnapshotLayer {
    const core::GeometrySnapshot& snapshot;
    size_t layer = 0;  ///< of its layers
    const core::LayerGeometry& geometry() const { return snapshot.layers[layer]; }
    std::string name() const {
        return core::layer_name(geometry().name, static_cast<int64_t>(layer));
    }
};

/// The cluster of each expert of the layer [def:clusters], where `order` asks for them.
struct Clusters {
    std::vector<int64_t> of;  ///< [experts] −1: in none; empty: not known, or not asked for
    int64_t step = -1;        ///< of the checkpoint they were found in
};
Clusters clusters_of(const AppState& state, const SnapshotLayer& place, RowOrder order);
/// Why the order cannot be had, as a sentence; "" where it can.
std::string lacks_order(const AppState& state, const SnapshotLayer& place, RowOrder order);

/// "0.31 to 0.42"; "" where there is no interval.
std::string interval_text(const viz::Interval& interval, int decimals);
/// Choices behind the loads of the layer [def:recent_load].
double choices_of(const AppState& state, const SnapshotLayer& place);
/// Colour, name and load of an expert, for a tooltip.
void expert_line(const AppState& state, const SnapshotLayer& place, int32_t expert);
/// Marks the selected experts at the left of an area whose rows are `order`, with `columns` above
/// it too.
void mark_selected(const AppState& state, const Area& area, const std::vector<int32_t>& order,
                   bool columns);

}  // namespace hopscope::app
