// Small matrices with numbers and large ones as pictures, drawn into a rectangle of a panel, with
// the cell under the pointer as the answer. Window thread only, inside an ImGui window.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "app/state/app_state.h"
#include "app/widgets/heat_texture.h"

namespace hopscope::app {

/// A rectangle on the screen.
struct Area {
    ImVec2 at, size;
    float right() const { return at.x + size.x; }
    float bottom() const { return at.y + size.y; }
};

/// The parts of an area left and right of a share of its width, with a gap between them.
Area left_part(const Area& area, float share, float gap);
Area right_part(const Area& area, float share, float gap);

struct Cell {
    int64_t row = -1, column = -1;  ///< under the pointer; −1: none
    bool clicked = false;
    bool any() const { return row >= 0; }
};

/// How values become colours; the ramp follows the theme.
struct ColorScale {
    float low = 0, high = 1;
};

struct Matrix {
    std::span<const float> values;  ///< [rows, columns]
    int64_t rows = 0, columns = 0;
    ColorScale scale;
    std::function<std::string(int64_t)> row_name, column_name;
    const char* row_axis = "";     ///< what the rows are, over their names
    const char* column_axis = "";  ///< what the columns are, before theirs
};
/// Cells with their numbers where they fit, names at the left and above. `id`: of the item that
/// takes the pointer.
Cell draw_matrix(AppState& state, const char* id, const Area& area, const Matrix& matrix);

/// The picture over the whole area, [rows, columns] cells.
Cell draw_heat(AppState& state, const char* id, const Area& area, HeatTexture& texture,
               int64_t rows, int64_t columns);

/// Small dim text at the top of the area, cut at its end (all of it on hover, then `why`); the area
/// loses its line.
void caption(const AppState& state, Area& area, const std::string& text,
             const std::string& why = {});
/// The same at the bottom.
void footer(const AppState& state, Area& area, const std::string& text,
            const std::string& why = {});
/// The ramp with the values at its ends, right-aligned in a line at the bottom of the area, which
/// loses it.
void scale_legend(const AppState& state, Area& area, const std::string& left,
                  const std::string& right, const std::string& middle = {});
/// Dim text in the middle of an area that has nothing to show.
void nothing(const AppState& state, const Area& area, const std::string& text);

}  // namespace hopscope::app
