// One token's chip in a strip: its piece, and below it a cell a layer and hop, in the colour of the
// place of its first expert. The strips of both prompts are made of them. Window thread only,
// inside an ImGui window.
#pragma once

#include <cstdint>
#include <functional>
#include <imgui.h>
#include <optional>
#include <string>

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"
#include "viz/colour.h"

namespace hopscope::app {

inline constexpr float kChipPadding = 8, kChipCell = 7;  ///< times the pixel scale

/// Sizes of the chips of a strip, pixels.
struct ChipLayout {
    ImVec2 size;      ///< of a chip
    float pitch = 0;  ///< from one chip to the next
    float cell_width = 0, cell_height = 0;
    float cell_x = 0, cell_y = 0;  ///< from one cell to the next

    /// Of the cell of a layer and hop, below the corner of a chip.
    ImVec2 cell(int64_t layer, int64_t hop, float scale) const;
};
ChipLayout chip_layout(const TraceView& view, float scale);

struct Chip {
    const core::TraceResult& trace;
    const TraceView& view;
    int64_t token = 0;
    const std::string& text;  ///< its piece, as it is drawn
    bool selected = false;
    bool shown = false;                 ///< its experts are those of the tables below
    std::string note = {};              ///< dim, at the right end of the line of the piece
    std::optional<viz::Rgb> edge = {};  ///< of a band along the top
    /// In place of the colour of the place; nothing leaves that. Empty: for no cell.
    std::function<std::optional<viz::Rgb>(const HopColumn& at, const HopCell& cell)> color = {};
    /// Draws over a cell; may be empty.
    std::function<void(const HopColumn& at, ImVec2 low, ImVec2 high)> over_cell = {};
};
/// What the pointer does with a chip.
struct ChipTouch {
    bool pressed = false, hovered = false;
    int64_t layer = -1, hop = -1;  ///< of the cell under it
};
/// An item "token" in the ID of the token.
ChipTouch draw_chip(const AppState& state, const Chip& chip, const ChipLayout& layout, ImVec2 at);

}  // namespace hopscope::app
