#include "app/panels/trajectory/matrix.h"

#include <algorithm>
#include <imgui.h>
#include <imgui_internal.h>
#include <string>

#include "app/panels/trajectory/cells.h"
#include "app/panels/trajectory/token_numbers.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/layer_choice.h"
#include "app/widgets/number.h"
#include "app/widgets/piece_text.h"
#include "app/widgets/widgets.h"
#include "viz/colour.h"

namespace hopscope::app {

void TokenMatrix::draw_options() {
    if (ImGui::BeginCombo("##value", name_of(value_))) {
        for (const CellValue v : kCellValues)
            if (ImGui::Selectable(name_of(v), v == value_)) value_ = v;
        ImGui::EndCombo();
    }
    tooltip(definition_of(value_));
}

void TokenMatrix::draw_scale(const AppState& state, const TraceView& view) const {
    if (value_ == CellValue::expert) return;
    const float s = state.pixel_scale;
    const size_t i = static_cast<size_t>(value_);
    if (view.low[i] > view.high[i]) {
        ImGui::SameLine(0, 16 * s);
        return ImGui::TextColored(state.theme().dim, "not defined for this router");
    }
    const auto end_text = [&](float v) {
        ImGui::SameLine(0, 8 * s);
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextColored(state.theme().dim, "%s", significant(static_cast<double>(v), 2).c_str());
        ImGui::PopFont();
    };
    end_text(view.low[i]);
    ImGui::SameLine(0, 8 * s);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    // In a narrow panel the colours give way to what is written behind them.
    const float behind = 80 * s, room = ImGui::GetContentRegionAvail().x - behind;
    const float width = std::clamp(room, 24 * s, 90 * s), height = 8 * s, top = at.y + 7 * s;
    for (int k = 0; k < 45; ++k) {
        const viz::Rgb c = state.value_colours().at((static_cast<float>(k) + 0.5f) / 45);
        ImGui::GetWindowDrawList()->AddRectFilled(
            ImVec2(at.x + width * static_cast<float>(k) / 45, top),
            ImVec2(at.x + width * static_cast<float>(k + 1) / 45, top + height), viz::packed(c));
    }
    ImGui::Dummy(ImVec2(width, ImGui::GetFrameHeight()));
    end_text(view.high[i]);
    if (value_ == CellValue::entropy) {
        ImGui::SameLine(0, 4 * s);
        ImGui::TextColored(state.theme().dim, "nats");
    }
}

/// Where columns and rows stand: a label, then the hops, with a gap before each layer.
struct TokenMatrix::Grid {
    Grid(const TraceView& view, float room, float s)
        : columns(view.columns), label(92 * s), row(18 * s), layer_gap(4 * s) {
        width = std::clamp((room - label) / static_cast<float>(columns.size()), 10 * s, 34 * s);
    }
    float left_of(size_t i) const {
        return label + static_cast<float>(i) * width +
               static_cast<float>(columns[i].layer) * layer_gap;
    }
    float total() const { return left_of(columns.size() - 1) + width; }

    const std::vector<HopColumn>& columns;
    float label, row, layer_gap, width;
};

/// Whether the names of layers have room above their columns; one hop a layer leaves little.
bool TokenMatrix::heads_fit(const AppState& state, const Grid& grid) {
    const auto& columns = grid.columns;
    for (size_t i = 0, next = 1; next < columns.size(); ++next) {
        if (columns[next].hop != 0) continue;
        const float room = grid.left_of(next) - grid.left_of(i) - 3 * state.pixel_scale;
        if (text_width(state.fonts.text, kSmallSize, state.layer_name(columns[i].layer)) > room)
            return false;
        i = next;
    }
    return true;
}

void TokenMatrix::draw(AppState& state, const TraceView& view) {
    const float s = state.pixel_scale;
    draw_scale(state, view);
    if (view.columns.empty()) return note(state, state.lacks(core::Need::routing));
    ImGui::BeginChild("matrix", ImVec2(0, 0), ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar);
    const Grid grid(view, ImGui::GetContentRegionAvail().x, s);
    const ImVec2 head = ImGui::GetCursorScreenPos();
    const bool words = heads_fit(state, grid);
    for (size_t i = 0; i < view.columns.size(); ++i) {
        if (view.columns[i].hop != 0) continue;
        const int64_t layer = view.columns[i].layer;
        const std::string name = words ? state.layer_name(layer) : state.layer_number(layer);
        ImGui::GetWindowDrawList()->AddText(state.fonts.text, kSmallSize * s,
                                            ImVec2(head.x + grid.left_of(i), head.y),
                                            packed(state.theme().dim), name.c_str());
    }
    ImGui::Dummy(ImVec2(grid.total(), grid.row));

    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(view.tokens), grid.row);
    while (clipper.Step())
        for (int t = clipper.DisplayStart; t < clipper.DisplayEnd; ++t)
            draw_token(state, view, grid, t);
    clipper.End();
    ImGui::PopStyleVar();
    ImGui::EndChild();
}

void TokenMatrix::draw_token(AppState& state, const TraceView& view, const Grid& grid,
                             int token) const {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushID(token);
    const bool pressed = ImGui::InvisibleButton("row", ImVec2(grid.total(), grid.row));
    const bool hovered = ImGui::IsItemHovered();
    const bool selected = state.selection.prompt_tokens.count(token) != 0;
    if (selected || hovered)
        list->AddRectFilled(
            at, ImVec2(at.x + grid.total(), at.y + grid.row),
            packed(selected ? mixed(theme.panel, theme.accent, 0.22f) : theme.raised));
    const std::string piece = displayable(
        piece_text(state.trace->tokens[static_cast<size_t>(token)].piece), state.fonts.text);
    const ImVec4 clip = ImVec4(at.x, at.y, at.x + grid.label - 6 * s, at.y + grid.row);
    list->AddText(state.fonts.text, kTextSize * s, ImVec2(at.x + 4 * s, at.y), packed(theme.text),
                  piece.c_str(), nullptr, 0, &clip);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const ImRect seen = ImGui::GetCurrentWindow()->ClipRect;
    for (size_t i = 0; i < view.columns.size(); ++i) {
        const HopColumn& column = view.columns[i];
        const ImVec2 low(at.x + grid.left_of(i), at.y + 1);
        const ImVec2 high(low.x + grid.width - 1, low.y + grid.row - 2);
        if (high.x < seen.Min.x || low.x > seen.Max.x) continue;
        const HopCell cell = cell_of(*state.trace, token, column.layer, column.hop);
        draw_cell(state, view, cell, column.layer, value_, low, high);
        if (column.layer == state.selection.layer && column.hop == state.selection.hop)
            list->AddRect(low, high, packed(theme.accent), 2 * s);
        if (!hovered || mouse.x < low.x || mouse.x >= low.x + grid.width) continue;
        list->AddRect(low, high, packed(theme.text), 2 * s);
        if (pressed) {
            state.selection.set_layer(column.layer);
            state.selection.set_hop(column.hop);
        }
        offer_on_click(state,
                       [&] { return cell_number(state, token, column.layer, column.hop, value_); });
        if (ImGui::BeginTooltip()) {
            token_tooltip(state, *state.trace, token);
            cell_tooltip(state, *state.trace, token, column.layer, column.hop);
            ImGui::EndTooltip();
        }
    }
    if (pressed) select_token(state, token, ImGui::GetIO().KeyShift);
    ImGui::PopID();
}

}  // namespace hopscope::app
