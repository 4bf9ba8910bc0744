// The matrix of cosines between the centroids of a layer, and the closest pairs beside it. Owned by
// the statistics panel, window thread only.
#pragma once

#include "app/panels/statistics/collinearity_numbers.h"
#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/heat_picture.h"
#include "app/panels/statistics/made_aside.h"

namespace hopscope::app {

class CollinearityMap {
  public:
    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, const SnapshotLayer& place, RowOrder order, bool seen);
    void forget() { made_.forget(); }
    bool making() const { return made_.behind(); }
    /// The matrix alone, or with the list of pairs.
    void draw(AppState& state, const SnapshotLayer& place, Area area, bool with_pairs);
    const Collinearity& numbers() const { return made_.numbers(); }

  private:
    bool shows(const SnapshotLayer& place) const;
    void draw_matrix_of(AppState& state, const SnapshotLayer& place, Area area);
    void draw_pairs(AppState& state, const SnapshotLayer& place, Area area) const;
    void draw_pair(const AppState& state, const SnapshotLayer& place, int32_t a, int32_t b,
                   float cosine) const;

    MadeAside<Collinearity> made_;
    HeatPicture picture_;
};

}  // namespace hopscope::app
