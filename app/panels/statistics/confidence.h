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
    /// Of an imported model, of which a trace has entropies alone.
    void make(const core::GeometrySnapshot& recorded);
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    bool has_numbers() const { return entropy_.any(); }
    std::string csv(const SnapshotLayer& place, int64_t step) const {
        return entropy_.tokens > 0 ? csv_of(entropy_, place.snapshot)
                                   : csv_of(entropy_, max_prob_, step);
    }

  private:
    LayerMeans entropy_, max_prob_;
};

}  // namespace hopscope::app
