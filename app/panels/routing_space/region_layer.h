// The regions of the centroids, or the margins between them, as a picture over the flat routing
// space. Computed aside, once for what is shown. Owned by the panel, window thread only.
#pragma once

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "app/widgets/heat_texture.h"
#include "viz/regions.h"

namespace hopscope::app {

enum class RegionShow : uint8_t { none, regions, margins };
const char* name_of(RegionShow show);

class RegionLayer {
  public:
    /// Asks for the picture where it is not the one of the state's snapshot and the view.
    void prepare(AppState& state, const SpaceView& view, RegionShow show);
    void draw(const SpaceCamera& camera);
    /// Another run.
    void forget();

    // Read by tests.
    bool is_there() const { return texture_.width() > 0; }

  private:
    struct Made {
        uint64_t snapshot = 0, places = 0;
        int64_t layer = -1;
        viz::AxesChoice axes;
        RegionShow show = RegionShow::none;
        bool dark = true;
        bool operator==(const Made&) const = default;
    };
    struct Picture {
        viz::Raster raster;
        viz::Vec2 low, high;
    };

    Made asked_;  ///< of the picture that is there or is being made
    Pending<Picture> pending_;
    HeatTexture texture_;
    viz::Vec2 low_, high_;  ///< world
};

}  // namespace hopscope::app
