// The line at the foot of the window: where the run trains, what it costs, the age of what is seen,
// the newest message. Owned by the shell, window thread only.
#pragma once

#include <cstdint>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Resident memory of this process in bytes; 0 where it cannot be read.
int64_t resident_memory();

class StatusBar {
  public:
    void draw(AppState& state, float height);

  private:
    double memory_asked_at_ = -10;
    Pending<int64_t> asked_;
};

}  // namespace hopscope::app
