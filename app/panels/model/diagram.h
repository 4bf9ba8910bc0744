// The picture of a model: three columns of boxes, of which the second opens a block of the first
// and the third what a token passes in the layer of experts of the second, hop by hop. Window
// thread only, inside an ImGui window.
#pragma once

#include <optional>

#include "app/panels/model/view.h"
#include "app/panels/statistics/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What is written into the boxes beside what they are.
struct DiagramLook {
    std::string chosen;  ///< id of the part that is looked at; "" for none
    int64_t all_parameters = 1;
    LayerNorms norms;  ///< of the traced prompt; empty: nothing was traced
};

/// Draws it from the cursor on, `width` pixels wide. → index of the part that was pressed.
std::optional<size_t> draw_diagram(const AppState& state, const ModelDiagram& diagram,
                                   const DiagramLook& look, float width);

/// What attention or the experts of the diagram's layer add to the stream, mean length over the
/// tokens of the traced prompt; NaN for other parts, and where nothing was traced.
double added_by(const ModelPart& part, const LayerNorms& norms);

}  // namespace hopscope::app
