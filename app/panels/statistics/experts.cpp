#include "app/panels/statistics/experts.h"

#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"

namespace hopscope::app {

namespace {

/// Of the layer; null where it is not known yet, or the panels show another one.
const ExpertBook* clustered_book(const AppState& state, const SnapshotLayer& place) {
    const ExpertBook* book = state.experts.book();
    const bool fits =
        book && book->layer == static_cast<int64_t>(place.layer) && book->clusters_step >= 0;
    return fits ? book : nullptr;
}

}  // namespace

Clusters clusters_of(const AppState& state, const SnapshotLayer& place, RowOrder order) {
    Clusters out;
    const ExpertBook* book = clustered_book(state, place);
    if (order != RowOrder::cluster || !book) return out;
    out.step = book->clusters_step;
    for (const BookEntry& entry : book->entries) out.of.push_back(entry.cluster);
    return out;
}

std::string lacks_order(const AppState& state, const SnapshotLayer& place, RowOrder order) {
    if (order != RowOrder::cluster || clustered_book(state, place)) return {};
    return "The clusters are not known: press Dictionary in the panel Experts, or run the analysis "
           "clusters.";
}

std::string interval_text(const viz::Interval& interval, int decimals) {
    if (std::isnan(interval.low) || std::isnan(interval.high)) return {};
    return rounded(interval.low, decimals) + " to " + rounded(interval.high, decimals);
}

double choices_of(const AppState& state, const SnapshotLayer& place) {
    if (!state.session) return core::kNaN;
    // A trace is counted whole.
    if (const core::ImportedTrace* trace = state.shown_trace())
        return place.geometry().choices.empty()
                   ? 0.0
                   : static_cast<double>(trace->tokens * place.geometry().top_k);
    return recent_choices(state.session->config(), place.geometry(), place.snapshot.step);
}

void expert_line(const AppState& state, const SnapshotLayer& place, int32_t expert) {
    const core::LayerGeometry& g = place.geometry();
    const auto i = static_cast<size_t>(expert);
    const float size = ImGui::GetTextLineHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(at.x, at.y + size * 0.2f), ImVec2(at.x + size * 0.6f, at.y + size * 0.8f),
        viz::packed(state.places.expert_color(static_cast<int64_t>(place.layer), expert,
                                              state.theme().dark)));
    ImGui::Dummy(ImVec2(size * 0.7f, size));
    ImGui::SameLine();
    ImGui::Text("E%d", expert);
    if (i >= g.load.size()) return;
    ImGui::SameLine();
    const auto share = static_cast<double>(g.load[i]);
    const viz::Interval ci95 = load_interval(share, choices_of(state, place), g.experts);
    const std::string interval = interval_text(ci95, 2);
    ImGui::TextColored(state.theme().dim, "load %s \xC3\x97 uniform%s",
                       rounded(share * static_cast<double>(g.experts), 2).c_str(),
                       interval.empty() ? "" : (" (95 %: " + interval + ")").c_str());
}

void mark_selected(const AppState& state, const Area& area, const std::vector<int32_t>& order,
                   bool columns) {
    if (state.selection.experts.empty()) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale;
    const ImU32 color = packed(state.theme().accent);
    for (size_t i = 0; i < order.size(); ++i) {
        if (!state.selection.experts.contains(order[i])) continue;
        const float share = (static_cast<float>(i) + 0.5f) / static_cast<float>(order.size());
        const float y = area.at.y + share * area.size.y, x = area.at.x + share * area.size.x;
        list->AddTriangleFilled(ImVec2(area.at.x - 7 * s, y - 4 * s),
                                ImVec2(area.at.x - 7 * s, y + 4 * s), ImVec2(area.at.x - 1 * s, y),
                                color);
        if (columns)
            list->AddTriangleFilled(ImVec2(x - 4 * s, area.at.y - 7 * s),
                                    ImVec2(x + 4 * s, area.at.y - 7 * s),
                                    ImVec2(x, area.at.y - 1 * s), color);
    }
}

}  // namespace hopscope::app
