#include "app/panels/statistics/load.h"

#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/number.h"

namespace hopscope::app {

void LoadChart::make(const Past& past, size_t layer) {
    map_ = load_map(past, layer);
    ++version_;
}

void LoadChart::forget() {
    map_ = {};
    ++version_;
}

void LoadChart::draw(AppState& state, const SnapshotLayer& place, Area area) {
    const LoadMap& m = map_;
    if (m.empty()) {
        caption(state, area, "load of each expert over time");
        nothing(state, area, "Loads appear once a batch has been trained.");
        return;
    }
    caption(state, area,
            "load of each expert, steps " + with_thousands(m.first_step) + " \xE2\x80\x93 " +
                with_thousands(m.last_step) + " (one row an expert, most used now on top)",
            "Share of all choices of the recent batches, times the number of experts: 1 is "
            "uniform. Of the snapshots that the run keeps (train.snapshot_every), and the newest.");
    scale_legend(state, area, "\xE2\x85\x9B", "8", "\xC3\x97 uniform, log");
    if (area.size.y < 24 || area.size.x < 24) return;
    const RasterOf wanted = {version_, static_cast<int>(area.size.x), static_cast<int>(area.size.y),
                             state.theme().dark};
    area.size = ImVec2(static_cast<float>(wanted.width), static_cast<float>(wanted.height));
    if (!(wanted == raster_)) {
        raster_ = wanted;
        texture_.set(viz::raster_of(m.values, m.experts, m.columns, wanted.width, wanted.height,
                                    LoadMap::kLow, LoadMap::kHigh, data_ramp(state.theme()),
                                    packed(state.theme().raised)));
    }
    const Cell cell = draw_heat(state, "load map", area, texture_, m.experts, m.columns);
    mark_selected(state, area, m.order, false);
    if (!cell.any()) return;
    const int32_t expert = m.order[static_cast<size_t>(cell.row)];
    if (cell.clicked) state.selection.pick_expert(expert, ImGui::GetIO().KeyShift);
    const float v = m.values[static_cast<size_t>(cell.row * m.columns + cell.column)];
    const double times = v == LoadMap::kUnused ? 0.0 : std::exp2(static_cast<double>(v));
    offer_on_click(state, [&] {
        return Number{.label = "load of E" + std::to_string(expert) + ", layer " +
                               std::to_string(place.layer),
                      .value = times,
                      .shown = rounded(times, 2) + " \xC3\x97 uniform",
                      .definition =
                          "Share of all choices of the recent batches, times the number "
                          "of experts [def:load]",
                      .step = m.step_of(cell.column),
                      .command = panel_command(state, "statistics", -1)};
    });
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, place, expert);
    ImGui::Text("%s \xC3\x97 uniform near step %s", rounded(times, 2).c_str(),
                with_thousands(m.step_of(cell.column)).c_str());
    ImGui::TextColored(state.theme().dim, "click selects, shift adds");
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
