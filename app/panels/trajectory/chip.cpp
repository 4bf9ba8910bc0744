#include "app/panels/trajectory/chip.h"

#include <algorithm>
#include <cmath>

#include "app/panels/trajectory/cells.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kCellGapX = 4, kCellGapY = 3, kChipGap = 6;
constexpr float kCellsTop = 13 + kTextSize;  ///< of the cells, below the corner of a chip

void draw_piece(const AppState& state, const Chip& chip, ImVec2 at, ImVec2 end) {
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    float right = end.x - 4 * s;
    if (!chip.note.empty()) {
        const float width = text_width(state.fonts.mono, kSmallSize, chip.note);
        right -= width + 2 * s;
        list->AddText(state.fonts.mono, kSmallSize * s, ImVec2(right + 2 * s, at.y + 6 * s),
                      packed(state.theme().chrome_dim), chip.note.c_str());
    }
    const ImVec4 clip = ImVec4(at.x + kChipPadding * s, at.y, right, end.y);
    list->AddText(state.fonts.text, kTextSize * s, ImVec2(at.x + kChipPadding * s, at.y + 5 * s),
                  packed(state.theme().text), chip.text.c_str(), nullptr, 0, &clip);
}

}  // namespace

ImVec2 ChipLayout::cell(int64_t layer, int64_t hop, float scale) const {
    return ImVec2(kChipPadding * scale + static_cast<float>(layer) * cell_x,
                  kCellsTop * scale + static_cast<float>(hop) * cell_y);
}

ChipLayout chip_layout(const TraceView& view, float s) {
    const float layers = static_cast<float>(std::max<int64_t>(view.layers, 1));
    const float rows = static_cast<float>(view.hops);
    const float width = std::clamp(layers * 20.0f + 2 * kChipPadding, 88.0f, 200.0f) * s;
    const float cells_height = rows > 0 ? 6 + rows * (kChipCell + kCellGapY) : 0;
    const float gap = layers > 8 ? 2 * s : kCellGapX * s;
    const float cell = std::max((width - 2 * kChipPadding * s - (layers - 1) * gap) / layers, 2.0f);
    ChipLayout out;
    out.size = ImVec2(width, (2 * 7 + kTextSize + cells_height) * s);
    out.pitch = width + kChipGap * s;
    out.cell_width = cell;
    out.cell_height = kChipCell * s;
    out.cell_x = cell + gap;
    out.cell_y = (kChipCell + kCellGapY) * s;
    return out;
}

ChipTouch draw_chip(const AppState& state, const Chip& chip, const ChipLayout& layout, ImVec2 at) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ChipTouch touch;
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(static_cast<int>(chip.token));
    touch.pressed = ImGui::InvisibleButton("token", layout.size);
    ImGui::PopID();
    touch.hovered = ImGui::IsItemHovered();
    const ImVec2 end = ImVec2(at.x + layout.size.x, at.y + layout.size.y);
    const ImVec4 fill = chip.selected   ? mixed(theme.raised, theme.accent, 0.14f)
                        : touch.hovered ? mixed(theme.raised, theme.text, 0.06f)
                                        : theme.raised;
    list->AddRectFilled(at, end, packed(fill), 5 * s);
    if (chip.selected || chip.shown)
        list->AddRect(at, end, packed(chip.selected ? theme.accent : faded(theme.dim, 0.6f)), 5 * s,
                      0, (chip.selected ? 2 : 1) * s);
    if (chip.edge)
        list->AddRectFilled(at, ImVec2(end.x, at.y + 4 * s), viz::packed(*chip.edge), 5 * s,
                            ImDrawFlags_RoundCornersTop);
    draw_piece(state, chip, at, end);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    for (const HopColumn& column : chip.view.columns) {
        const HopCell cell = cell_of(chip.trace, chip.token, column.layer, column.hop);
        const ImVec2 offset = layout.cell(column.layer, column.hop, s);
        const ImVec2 low(at.x + offset.x, at.y + offset.y);
        const ImVec2 high(low.x + layout.cell_width, low.y + layout.cell_height);
        const auto color = chip.color ? chip.color(column, cell) : std::nullopt;
        if (color)
            list->AddRectFilled(low, high, viz::packed(*color), 2 * s);
        else
            draw_cell(state, chip.view, cell, column.layer, CellValue::expert, low, high);
        if (chip.over_cell) chip.over_cell(column, low, high);
        const bool under = mouse.x >= low.x && mouse.x < low.x + layout.cell_x &&
                           mouse.y >= low.y && mouse.y < low.y + layout.cell_y;
        if (touch.hovered && under && cell.known)
            touch.layer = column.layer, touch.hop = column.hop;
    }
    return touch;
}

}  // namespace hopscope::app
