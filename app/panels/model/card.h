// What stands below or beside the diagram of a model: the whole model by groups, or the part that
// is chosen with its tensors. Window thread only, inside an ImGui window.
#pragma once

#include "app/panels/model/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

void draw_whole_model(const AppState& state, const core::ModelCounts& counts);
/// True when it is let go of.
bool draw_part(const AppState& state, const ModelPart& part, const core::ModelSheet& sheet);

}  // namespace hopscope::app
