#include "app/panels/trajectory/strip.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/trajectory/cells.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"

namespace hopscope::app {
namespace {

constexpr float kPadding = 8, kGapX = 4, kGapY = 3, kCellHeight = 7;

struct CellLayout {
    float width, pitch_x, pitch_y;
};

CellLayout cells(const TraceView& view, float chip_width, float s) {
    const float n = static_cast<float>(std::max<int64_t>(view.layers, 1));
    const float gap = n > 8 ? 2 * s : kGapX * s;
    const float width = std::max((chip_width - 2 * kPadding * s - (n - 1) * gap) / n, 2.0f);
    return {width, width + gap, (kCellHeight + kGapY) * s};
}

ImVec2 chip_size(const TraceView& view, float s) {
    const float layers = static_cast<float>(std::max<int64_t>(view.layers, 1));
    const float width = std::clamp(layers * 20.0f + 2 * kPadding, 88.0f, 200.0f);
    const float rows = static_cast<float>(view.hops);
    const float cells_height = rows > 0 ? 6 + rows * (kCellHeight + kGapY) : 0;
    return {width * s, (2 * 7 + kTextSize + cells_height) * s};
}

}  // namespace

void TokenStrip::draw(AppState& state, const TraceView& view) {
    const float s = state.pixel_scale;
    const ImVec2 chip = chip_size(view, s);
    const float gap = 6 * s, pitch = chip.x + gap;
    const float bar = ImGui::GetStyle().ScrollbarSize;
    const float total = pitch * static_cast<float>(view.tokens);
    const bool scrolls = total > ImGui::GetContentRegionAvail().x;
    ImGui::BeginChild("strip", ImVec2(0, chip.y + 4 * s + (scrolls ? bar : 0)),
                      ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsWindowHovered() && scrolls && io.MouseWheel != 0) {
        ImGui::SetScrollX(ImGui::GetScrollX() - io.MouseWheel * pitch);
    }
    const float seen = ImGui::GetWindowWidth(), scroll = ImGui::GetScrollX();
    if (scroll_to_ >= 0) {
        const float left = scroll_to_ * pitch;
        if (left < scroll) ImGui::SetScrollX(left);
        if (left + chip.x > scroll + seen) ImGui::SetScrollX(left + chip.x - seen + gap);
        scroll_to_ = -1;
    }
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(scroll / pitch));
    const int64_t last =
        std::min<int64_t>(view.tokens, static_cast<int64_t>((scroll + seen) / pitch) + 1);
    for (int64_t t = first; t < last; ++t)
        draw_chip(state, view, t,
                  ImVec2(origin.x + static_cast<float>(t) * pitch, origin.y + 2 * s), chip);
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy(ImVec2(std::max(total - gap, 1.0f), chip.y));
    ImGui::EndChild();

    std::string caption = "columns: layers 0\xE2\x80\x93" + std::to_string(view.layers - 1);
    if (view.hops > 1) caption += ", rows: hops 0\xE2\x80\x93" + std::to_string(view.hops - 1);
    caption += view.hops > 0 ? ", colour: place of the first expert" : ", no layer routes";
    if (view.halted) caption += ", hollow: halted";
    ImGui::TextColored(state.theme().dim, "%s", caption.c_str());
}

void TokenStrip::draw_chip(AppState& state, const TraceView& view, int64_t token, ImVec2 at,
                           ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(static_cast<int>(token));
    if (ImGui::InvisibleButton("token", size)) select_token(state, token, ImGui::GetIO().KeyShift);
    const bool hovered = ImGui::IsItemHovered();
    const bool selected = state.selection.prompt_tokens.count(token) != 0;
    const bool shown = token == shown_token(state);
    const ImVec2 end = ImVec2(at.x + size.x, at.y + size.y);
    const ImVec4 fill = selected  ? mixed(theme.raised, theme.accent, 0.14f)
                        : hovered ? mixed(theme.raised, theme.text, 0.06f)
                                  : theme.raised;
    list->AddRectFilled(at, end, packed(fill), 5 * s);
    if (selected || shown)
        list->AddRect(at, end, packed(selected ? theme.accent : faded(theme.dim, 0.6f)), 5 * s, 0,
                      (selected ? 2 : 1) * s);

    const auto& piece = state.trace->tokens[static_cast<size_t>(token)].piece;
    const std::string text = displayable(piece_text(piece), state.fonts.text);
    const ImVec4 clip = ImVec4(at.x + kPadding * s, at.y, end.x - 4 * s, end.y);
    list->AddText(state.fonts.text, kTextSize * s, ImVec2(at.x + kPadding * s, at.y + 5 * s),
                  packed(theme.text), text.c_str(), nullptr, 0, &clip);

    const CellLayout c = cells(view, size.x, s);
    const ImVec2 origin = ImVec2(at.x + kPadding * s, at.y + (13 + kTextSize) * s);
    for (const HopColumn& column : view.columns) {
        const HopCell cell = cell_of(*state.trace, token, column.layer, column.hop);
        const ImVec2 p = ImVec2(origin.x + static_cast<float>(column.layer) * c.pitch_x,
                                origin.y + static_cast<float>(column.hop) * c.pitch_y);
        draw_cell(state, view, cell, column.layer, CellValue::expert, p,
                  ImVec2(p.x + c.width, p.y + kCellHeight * s));
    }
    if (hovered && ImGui::BeginTooltip()) {
        const ImVec2 mouse = ImGui::GetIO().MousePos;
        const int64_t layer = static_cast<int64_t>(std::floor((mouse.x - origin.x) / c.pitch_x));
        const int64_t hop = static_cast<int64_t>(std::floor((mouse.y - origin.y) / c.pitch_y));
        token_tooltip(state, token);
        if (mouse.y >= origin.y && cell_of(*state.trace, token, layer, hop).known)
            cell_tooltip(state, token, layer, hop);
        ImGui::EndTooltip();
    }
    ImGui::PopID();
}

}  // namespace hopscope::app
