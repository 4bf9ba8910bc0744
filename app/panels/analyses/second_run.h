// The second run of analyses that compare two: a folder, typed or picked from those that stand
// beside the open run and those whose curves are shown. Owned by the analyses panel, window thread
// only.
#pragma once

#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

class SecondRun {
  public:
    /// "" while none is named.
    const std::string& folder() const { return folder_; }
    void forget() { folder_.clear(); }
    /// `beside`: folders of runs beside the open one.
    void draw(const AppState& state, const std::vector<std::string>& beside);

  private:
    std::string folder_;
};

}  // namespace hopscope::app
