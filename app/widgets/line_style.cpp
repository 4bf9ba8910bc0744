#include "app/widgets/line_style.h"

#include <implot.h>
#include <iterator>

#include "viz/colour.h"

namespace hopscope::app {

ImVec4 line_color(const AppState& state, size_t index) {
    const viz::Rgb c = viz::series_color(index, state.theme().dark);
    return ImVec4(c.r, c.g, c.b, 1);
}

int line_marker(size_t index) {
    // Seven shapes and twelve colours repeat together only after 84 lines.
    constexpr int kShapes[] = {ImPlotMarker_Circle, ImPlotMarker_Square, ImPlotMarker_Diamond,
                               ImPlotMarker_Up,     ImPlotMarker_Down,   ImPlotMarker_Left,
                               ImPlotMarker_Right};
    return kShapes[index % std::size(kShapes)];
}

}  // namespace hopscope::app
