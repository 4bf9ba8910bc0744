// The answer of the intervene panel: the effect beside chance, next-token bars before, after and
// under the random control, numbers, dose curve, export. Owned by the panel, window thread only.
#pragma once

#include "app/panels/intervene/dose.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class EffectReport {
  public:
    /// Over the rest of the window; `effect` has no error. True if it is to be measured again.
    bool draw(AppState& state, const core::InterventionEffect& effect);

  private:
    DosePlot dose_;
};

}  // namespace hopscope::app
