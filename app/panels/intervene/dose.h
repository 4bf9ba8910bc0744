// The dose curve: the effect over the strength of the script, beside the random control. Owned by
// the report, window thread only.
#pragma once

#include <imgui.h>

#include "app/panels/intervene/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class DosePlot {
  public:
    void draw(const AppState& state, const core::InterventionEffect& effect);

  private:
    DoseValue value_ = DoseValue::kl;
};

/// The grey of everything that is chance.
ImVec4 control_color(const Theme& theme);

}  // namespace hopscope::app
