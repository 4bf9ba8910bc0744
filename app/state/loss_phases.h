// The phases of the open run, found anew as its curve grows [def:phases]. Sums of some
// milliseconds that are done aside, so that the window never waits for them; what is not known yet
// is not there. Window thread only, owned by the window's state.
#pragma once

#include <cstdint>
#include <vector>

#include "app/state/pending.h"
#include "core/api/phases.h"

namespace hopscope::app {

struct AppState;

class LossPhases {
  public:
    /// Takes what was found, and looks again where the run has gone on. Once a frame.
    void update(AppState& state);
    /// One after another; empty before any are found.
    const std::vector<core::Phase>& all() const { return phases_; }
    /// The place of the phase of an update in all(); −1 where none is known.
    int64_t at(double step) const;

  private:
    std::vector<core::Phase> phases_;
    Pending<std::vector<core::Phase>> finding_;
    uint64_t found_for_ = 0;   ///< version of the history
    double looked_at_ = -1e9;  ///< AppState::now
};

}  // namespace hopscope::app
