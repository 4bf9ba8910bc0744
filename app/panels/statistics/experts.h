// What the pages of the statistics panel have in common: the layer of a snapshot that they show,
// and how they name and mark an expert of it. Window thread only, inside an ImGui window.
#pragma once

#include <cstdint>
#include <vector>

#include "app/panels/statistics/matrix.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

struct SnapshotLayer {
    const core::GeometrySnapshot& snapshot;
    size_t layer = 0;  ///< of its layers
    const core::LayerGeometry& geometry() const { return snapshot.layers[layer]; }
};

/// Colour, name and load of an expert, for a tooltip.
void expert_line(const AppState& state, const SnapshotLayer& place, int32_t expert);
/// Marks the selected experts at the left of an area whose rows are `order`, with `columns` above
/// it too.
void mark_selected(const AppState& state, const Area& area, const std::vector<int32_t>& order,
                   bool columns);

}  // namespace hopscope::app
