// The matrix of cosines between the centroids of a layer. Its numbers cost tens of milliseconds, so
// they are made aside when a snapshot comes, and seldom. Owned by the statistics panel,
// window thread only.
#pragma once

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/raster_of.h"
#include "app/panels/statistics/view.h"
#include "app/widgets/heat_texture.h"

namespace hopscope::app {

class CollinearityMap {
  public:
    RowOrder order = RowOrder::similarity;

    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, const SnapshotLayer& place, bool seen);
    void forget();
    void draw(AppState& state, const SnapshotLayer& place, Area area);
    const Collinearity& numbers() const { return numbers_; }

  private:
    struct Asked {
        uint64_t snapshot = 0;
        int64_t layer = -1;
        RowOrder order = RowOrder::similarity;
        bool operator==(const Asked&) const = default;
    };
    void draw_pair(const AppState& state, const SnapshotLayer& place, int32_t a, int32_t b,
                   float cosine) const;

    Collinearity numbers_;
    uint64_t version_ = 0;
    Asked asked_;
    double asked_at_ = -1e9;
    Pending<Collinearity> pending_;
    HeatTexture texture_;
    RasterOf raster_;
};

}  // namespace hopscope::app
