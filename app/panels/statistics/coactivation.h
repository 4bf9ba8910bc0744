// The page "co-activation": which experts a hop chooses together, in the tokens of the fixed
// sample, and the strongest pairs beside what their uses alone would give. Owned by the statistics
// panel, window thread only.
#pragma once

#include "app/panels/statistics/coactivation_numbers.h"
#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/heat_picture.h"
#include "app/panels/statistics/made_aside.h"

namespace hopscope::app {

class CoactivationPage {
  public:
    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, const SnapshotLayer& place, RowOrder order, bool seen);
    void forget() { made_.forget(); }
    bool making() const { return made_.behind(); }
    void draw(AppState& state, const SnapshotLayer& place, Area area);
    const Coactivation& numbers() const { return made_.numbers(); }

  private:
    void draw_matrix_of(AppState& state, const SnapshotLayer& place, Area area);
    void draw_pairs(AppState& state, const SnapshotLayer& place, Area area) const;

    MadeAside<Coactivation> made_;
    HeatPicture picture_;
};

}  // namespace hopscope::app
