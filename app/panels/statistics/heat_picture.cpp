#include "app/panels/statistics/heat_picture.h"

#include <imgui.h>

namespace hopscope::app {

Cell HeatPicture::draw(AppState& state, const char* id, Area& area, const HeatNumbers& n) {
    if (area.size.y < 24 || area.size.x < 24) return {};
    const Of wanted = {
        n.version,          static_cast<int>(area.size.x), static_cast<int>(area.size.y),
        state.theme().dark, state.value_colours(),         n.scale.low,
        n.scale.high};
    area.size = ImVec2(static_cast<float>(wanted.width), static_cast<float>(wanted.height));
    if (!(wanted == of_)) {
        of_ = wanted;
        texture_.set(viz::raster_of(n.values, n.rows, n.columns, wanted.width, wanted.height,
                                    n.scale.low, n.scale.high, state.value_colours(),
                                    packed(state.theme().raised)));
    }
    return draw_heat(state, id, area, texture_, n.rows, n.columns);
}

void pick_cell(AppState& state, const Cell& cell, int32_t row, int32_t column) {
    if (!cell.clicked) return;
    state.selection.pick_expert(row, ImGui::GetIO().KeyShift);
    if (column != row && !state.selection.experts.contains(column))
        state.selection.pick_expert(column, true);
}

}  // namespace hopscope::app
