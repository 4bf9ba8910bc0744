#include "app/panels/routing_space/neighbour_list.h"

#include <imgui.h>
#include <string>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kRowsShown = 8;

std::string name_of_point(const AppState& state, const viz::PointItem& item) {
    if (item.expert) return "E" + std::to_string(item.index);
    const auto& pieces = state.geometry->pieces;
    const auto t = static_cast<size_t>(item.index);
    return t < pieces.size() ? displayable(piece_text(pieces[t]), state.fonts.mono)
                             : "token " + std::to_string(item.index);
}

/// Of the one selected and one near it.
Number likeness(const AppState& state, const Neighbour& near, Nearness by) {
    const bool cosine = by == Nearness::cosine;
    const auto value = static_cast<double>(cosine ? near.cosine : near.distance);
    return {.label = (cosine ? "cosine of " : "distance of ") +
                     name_of_point(state, only_selected(state.selection)) + " and " +
                     name_of_point(state, near.item) + ", layer " +
                     std::to_string(state.selection.layer),
            .value = value,
            .shown = rounded(value, 3),
            .definition = cosine ? "Cosine of the two directions in the routing space"
                                 : "Euclidean distance in the routing space",
            .step = state.geometry->step,
            .command = analysis_command(state, cosine ? "collinearity" : "density"),
            .layer = state.selection.layer,
            .expert = near.item.expert ? near.item.index : -1};
}

}  // namespace

viz::PointItem only_selected(const Selection& selection) {
    if (selection.experts.size() + selection.probe_tokens.size() != 1) return {true, -1, 0};
    if (!selection.experts.empty()) return {true, *selection.experts.begin(), 0};
    return {false, *selection.probe_tokens.begin(), std::max<int64_t>(selection.hop, 0)};
}

void NeighbourList::make(const AppState& state, const viz::PointItem& of) {
    const Made wanted = {state.geometry->version, state.selection.layer, of, by};
    if (wanted == made_) return;
    made_ = wanted;
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    centroids_ = nearest_points(g, of, true, by, kRowsShown);
    tokens_ = nearest_points(g, of, false, by, kRowsShown);
}

void NeighbourList::draw_rows(AppState& state, const std::vector<Neighbour>& rows) {
    const bool dark = state.theme().dark;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    for (const Neighbour& near : rows) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        const int64_t index = near.item.index;
        if (near.item.expert)
            swatch(viz::packed(state.places.expert_color(state.selection.layer, index, dark)),
                   state.pixel_scale);
        ImGui::PushID(static_cast<int>(near.item.expert ? index : -1 - index));
        if (ImGui::Selectable(name_of_point(state, near.item).c_str(), false,
                              ImGuiSelectableFlags_SpanAllColumns)) {
            const Chosen one = near.item.expert ? Chosen{{index}, {}} : Chosen{{}, {index}};
            state.selection.pick_all(one, ImGui::GetIO().KeyShift);
        }
        ImGui::PopID();
        ImGui::TableNextColumn();
        ImGui::Text("%6.3f", static_cast<double>(near.cosine));
        explain_when_asked(state, [&] { return likeness(state, near, Nearness::cosine); });
        ImGui::TableNextColumn();
        ImGui::Text("%6.3f", static_cast<double>(near.distance));
        explain_when_asked(state, [&] { return likeness(state, near, Nearness::distance); });
    }
    ImGui::PopFont();
}

void NeighbourList::draw(AppState& state, ImVec2 corner, float room) {
    if (!shown) return;
    const float s = state.pixel_scale, wide = width(state);
    const viz::PointItem of = only_selected(state.selection);
    ImGui::SetCursorScreenPos(corner);
    ImGui::SetNextWindowSizeConstraints(ImVec2(wide, 0), ImVec2(wide, std::max(room, 40 * s)));
    ImGui::PushStyleColor(ImGuiCol_ChildBg, faded(state.theme().panel, 0.95f));
    ImGui::BeginChild("neighbours", ImVec2(wide, 0),
                      ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleColor();
    const ImVec2 low = ImGui::GetWindowPos(), extent = ImGui::GetWindowSize();
    ImGui::GetWindowDrawList()->AddRect(low, ImVec2(low.x + extent.x, low.y + extent.y),
                                        packed(state.theme().border));
    if (of.index < 0) {
        note(state, "Select one expert or one token: what lies nearest to it stands here.");
        ImGui::EndChild();
        return;
    }
    make(state, of);
    ImGui::Text("near %s%s", name_of_point(state, of).c_str(),
                of.expert ? "" : (", hop " + std::to_string(of.hop)).c_str());
    if (ImGui::BeginTable("near", 3, ImGuiTableFlags_SizingFixedFit)) {
        ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthStretch);
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        const auto head = [&](const char* text, Nearness which, const char* help) {
            ImGui::TableNextColumn();
            if (button(state, text, nullptr, help, 0, by == which)) by = which;
        };
        ImGui::TextColored(state.theme().dim, "centroids");
        head("cosine", Nearness::cosine, "Nearest by the cosine of the two directions");
        head("distance", Nearness::distance,
             "Nearest by Euclidean distance in the routing space. Among unit vectors the order is "
             "that of the cosine: distance\xC2\xB2 = 2 \xE2\x88\x92 2 \xC2\xB7 cosine");
        draw_rows(state, centroids_);
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        ImGui::TextColored(state.theme().dim, "tokens");
        draw_rows(state, tokens_);
        ImGui::EndTable();
    }
    ImGui::EndChild();
}

}  // namespace hopscope::app
