#include "app/panels/trajectory/grid.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <imgui.h>
#include <string>

#include "app/panels/trajectory/cells.h"
#include "app/panels/trajectory/token_numbers.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

HopChoices choices_of(const AppState& state, int64_t layer) {
    const auto& trace = *state.trace;
    HopChoices out(trace.layers[static_cast<size_t>(layer)].hops.size());
    for (size_t hop = 0; hop < out.size(); ++hop)
        out[hop] = choice_of(trace, shown_token(state), layer, static_cast<int64_t>(hop));
    return out;
}

/// ".54" and "1.00": the width stays the same in the monospaced face.
std::string weight_text(float weight) {
    if (std::isnan(weight)) return " \xE2\x80\x93";
    std::string text = rounded(static_cast<double>(weight), 2);
    if (text.size() > 1 && text[0] == '0') text.erase(0, 1);
    return text;
}

/// One chosen expert: a click selects it, the other button opens its menu.
void draw_expert(AppState& state, int64_t token, int64_t layer, int64_t hop,
                 const ChosenExpert& e) {
    const float s = state.pixel_scale;
    swatch(viz::packed(state.places.expert_color(layer, e.expert, state.theme().dark)), s);
    char text[48];
    std::snprintf(text, sizeof text, "%-5s %s##e", ("E" + std::to_string(e.expert)).c_str(),
                  weight_text(e.weight).c_str());
    const bool chosen =
        state.selection.layer == layer && state.selection.experts.count(e.expert) != 0;
    if (ImGui::Selectable(text, chosen)) {
        state.selection.set_layer(layer);
        state.selection.pick_expert(e.expert, ImGui::GetIO().KeyShift);
        state.keep_drawing();
    }
    explain_when_clicked(state, [&] { return weight_number(state, token, layer, hop, e); });
    if (ImGui::IsItemHovered() && ImGui::BeginTooltip()) {
        cell_tooltip(state, *state.trace, token, layer, hop);
        ImGui::EndTooltip();
    }
}

}  // namespace

void TokenGrid::draw_options() {
    const std::string shown = "top " + std::to_string(experts_);
    if (ImGui::BeginCombo("##shown", shown.c_str())) {
        for (const int n : {1, 4, 8, 16})
            if (ImGui::Selectable(("top " + std::to_string(n)).c_str(), n == experts_))
                experts_ = n;
        ImGui::EndCombo();
    }
    tooltip("Experts listed a layer and hop, by falling weight");
}

void TokenGrid::draw(AppState& state, const TraceView& view) {
    if (view.hops == 0) return note(state, state.lacks(core::Need::routing));
    const float s = state.pixel_scale;
    const bool overlap = view.hops > 1;
    const int columns = static_cast<int>(view.hops) + 1 + (overlap ? 1 : 0);
    const float padding = 2 * ImGui::GetStyle().CellPadding.x;
    const float room = ImGui::GetContentRegionAvail().x - 66 * s - (overlap ? 54 * s : 0) -
                       padding * static_cast<float>(columns);
    const float hop_width = std::clamp(room / static_cast<float>(view.hops), 82 * s, 104 * s);
    if (!ImGui::BeginTable("experts", columns,
                           ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_ScrollY |
                               ImGuiTableFlags_ScrollX | ImGuiTableFlags_NoSavedSettings))
        return;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    draw_head(state, view, hop_width);
    for (int64_t layer = 0; layer < view.layers; ++layer) draw_layer(state, view, layer);
    ImGui::PopFont();
    ImGui::EndTable();
}

/// The token, its hops and, with several, their overlap.
void TokenGrid::draw_head(const AppState& state, const TraceView& view, float hop_width) const {
    const float s = state.pixel_scale;
    const auto token = static_cast<size_t>(shown_token(state));
    const std::string piece =
        displayable(piece_text(state.trace->tokens[token].piece), state.fonts.mono);
    ImGui::TableSetupScrollFreeze(1, 1);
    ImGui::TableSetupColumn(shortened(piece, 12).c_str(), ImGuiTableColumnFlags_WidthFixed, 74 * s);
    for (int64_t h = 0; h < view.hops; ++h)
        ImGui::TableSetupColumn(("hop " + std::to_string(h)).c_str(),
                                ImGuiTableColumnFlags_WidthFixed, hop_width);
    const bool overlap = view.hops > 1;
    if (overlap) ImGui::TableSetupColumn("Jaccard", ImGuiTableColumnFlags_WidthFixed, 54 * s);
    ImGui::TableNextRow();
    const int columns = ImGui::TableGetColumnCount();
    for (int c = 0; c < columns; ++c) {
        ImGui::TableNextColumn();
        const bool chosen = c > 0 && c - 1 == state.selection.hop;
        ImGui::TextColored(c == 0 || chosen ? state.theme().text : state.theme().dim, "%s",
                           ImGui::TableGetColumnName(c));
        if (overlap && c == columns - 1)
            tooltip(
                "Overlap of the expert sets of consecutive hops, |S \xE2\x88\xA9 S'| / |S "
                "\xE2\x88\xAA S'|, mean over the hop pairs of this token");
    }
}

/// As many as experts are listed of any of the layer's hops; 0 for a layer without hops.
size_t TokenGrid::rows_of(const HopChoices& choices) const {
    if (choices.empty()) return 0;
    size_t rows = 1;
    for (const auto& choice : choices) rows = std::max(rows, choice.size());
    return std::min(rows, static_cast<size_t>(experts_));
}

float TokenGrid::height(const AppState& state, const TraceView& view) const {
    if (view.hops == 0) return 4 * ImGui::GetTextLineHeightWithSpacing();  // a note in its place
    size_t rows = 1;
    for (int64_t layer = 0; layer < view.layers; ++layer) rows += rows_of(choices_of(state, layer));
    const ImGuiStyle& style = ImGui::GetStyle();
    const float row = kMonoSize * state.pixel_scale + 2 * style.CellPadding.y;
    return static_cast<float>(rows) * row + style.ScrollbarSize;
}

void TokenGrid::draw_layer(AppState& state, const TraceView& view, int64_t layer) const {
    const auto& trace = *state.trace;
    const int64_t token = shown_token(state);
    const HopChoices choices = choices_of(state, layer);
    const size_t rows = rows_of(choices);
    for (size_t row = 0; row < rows; ++row) {
        ImGui::TableNextRow();
        if (layer % 2 == 0)
            ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                                   packed(faded(state.theme().raised, 0.45f)));
        ImGui::TableNextColumn();
        if (row == 0) ImGui::TextColored(state.theme().dim, "%s", state.layer_name(layer).c_str());
        for (int64_t h = 0; h < view.hops; ++h) {
            ImGui::TableNextColumn();
            if (h >= std::ssize(choices)) continue;
            if (h == state.selection.hop && layer == state.selection.layer)
                ImGui::TableSetBgColor(ImGuiTableBgTarget_CellBg,
                                       packed(selected_fill(state.theme())));
            const auto& choice = choices[static_cast<size_t>(h)];
            if (row >= choice.size()) {
                if (row == 0) ImGui::TextColored(state.theme().dim, "halted");
                continue;
            }
            ImGui::PushID(static_cast<int>((layer * 64 + h) * 64 + static_cast<int64_t>(row)));
            draw_expert(state, token, layer, h, choice[row]);
            ImGui::PopID();
        }
        if (view.hops < 2) continue;
        ImGui::TableNextColumn();
        if (row != 0) continue;
        ImGui::TextUnformatted(
            rounded(static_cast<double>(jaccard_of(trace, token, layer)), 2).c_str());
        explain_when_asked(state, [&] { return overlap_number(state, token, layer); });
    }
}

}  // namespace hopscope::app
