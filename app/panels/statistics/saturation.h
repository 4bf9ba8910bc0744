// The page "saturation": how early the tokens of the sample choose the experts that they choose at
// the step shown. Owned by the statistics panel, window thread only.
#pragma once

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/made_aside.h"
#include "app/panels/statistics/saturation_numbers.h"

namespace hopscope::app {

class SaturationPage {
  public:
    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, bool seen);
    void forget() { made_.forget(); }
    bool making() const { return made_.behind(); }
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    const Saturation& numbers() const { return made_.numbers(); }

  private:
    MadeAside<Saturation> made_;
};

}  // namespace hopscope::app
