// The load of every expert of a layer over the run, as a picture: a row an expert, a column a time.
// Owned by the statistics panel, window thread only.
#pragma once

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/heat_picture.h"
#include "app/panels/statistics/view.h"

namespace hopscope::app {

class LoadChart {
  public:
    void make(const Past& past, size_t layer);
    void forget();
    void draw(AppState& state, const SnapshotLayer& place, Area area);
    const LoadMap& map() const { return map_; }

  private:
    LoadMap map_;
    uint64_t version_ = 0;
    HeatPicture picture_;
};

}  // namespace hopscope::app
