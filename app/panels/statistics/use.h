// The page "use": sorted loads of all layers beside the uniform line. Owned by the statistics
// panel, window thread only.
#pragma once

#include <vector>

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/view.h"

namespace hopscope::app {

class UseChart {
  public:
    void make(const AppState& state, const core::GeometrySnapshot& snapshot);
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    bool empty() const { return layers_.empty(); }
    std::string csv(const SnapshotLayer& place) const;

  private:
    std::vector<Utilisation> layers_;
};

}  // namespace hopscope::app
