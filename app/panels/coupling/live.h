// The section of the panel Coupling that needs no analysis: what the run records of its coupling
// with each snapshot, by step and layer [def:live_geometry]. Window thread only; owned by the
// panel.
#pragma once

#include <cstdint>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

class LiveCoupling {
  public:
    /// Collects the points where the history is another. Once a frame.
    void make(const AppState& state);
    void draw(AppState& state);
    RoutingStat stat() const { return stat_; }
    void choose(RoutingStat stat) { stat_ = stat; }

  private:
    struct Line {
        std::vector<double> step, value;
    };
    RoutingStat stat_ = RoutingStat::coupling;
    std::vector<Line> lines_;  ///< [layers]
    uint64_t made_for_ = 0;    ///< History::version
    RoutingStat made_stat_ = RoutingStat::count;
};

}  // namespace hopscope::app
