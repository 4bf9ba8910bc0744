// A large matrix as a picture that is made anew when its numbers, its size or the theme change, and
// not with every frame. Owned by a page of the statistics panel, window thread only.
#pragma once

#include <cstdint>
#include <span>

#include "app/panels/statistics/matrix.h"
#include "app/widgets/heat_texture.h"

namespace hopscope::app {

struct HeatNumbers {
    std::span<const float> values;  ///< [rows, columns]
    int64_t rows = 0, columns = 0;
    ColorScale scale;
    uint64_t version = 0;  ///< changes whenever the values do
};

class HeatPicture {
  public:
    /// Over the area, which loses what is no whole pixel; nothing where it is too small.
    Cell draw(AppState& state, const char* id, Area& area, const HeatNumbers& numbers);

  private:
    struct Of {
        uint64_t version = 0;
        int width = 0, height = 0;
        bool dark = true;
        viz::ValueColours colours;
        float low = 0, high = 0;
        bool operator==(const Of&) const = default;
    };
    HeatTexture texture_;
    Of of_;
};

/// A click on a cell selects the experts of its row and its column.
void pick_cell(AppState& state, const Cell& cell, int32_t row, int32_t column);

}  // namespace hopscope::app
