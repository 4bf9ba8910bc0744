// The page "confidence": entropy and highest probability of the router, by layer. Owned by the
// statistics panel, window thread only.
#pragma once

#include <string>

#include "app/panels/statistics/csv.h"
#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/view.h"

namespace hopscope::app {

class ConfidenceChart {
  public:
    void make(const History& history);
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    bool has_numbers() const { return entropy_.any(); }
    std::string csv(int64_t step) const { return csv_of(entropy_, max_prob_, step); }

  private:
    LayerMeans entropy_, max_prob_;
};

}  // namespace hopscope::app
