// The points and lines of the routing space on the screen: by OpenGL into a texture, without it as
// shapes of ImGui. In three dimensions they are drawn from back to front and fade with depth.
// Selected tokens stand out. Owned by the panel, window thread only, while the window's context is
// current.
#pragma once

#include <array>
#include <vector>

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "viz/hit_grid.h"
#include "viz/point_renderer.h"

namespace hopscope::app {

class SpacePoints {
  public:
    /// The view is another one.
    void changed() { stale_ = true; }
    /// [tokens] Those that are no hits are faint; empty: nothing is looked for.
    void set_hits(const std::vector<uint8_t>& tokens);
    void draw(AppState& state, const SpaceView& view, const SpaceCamera& camera);
    /// The point of the view under a place of the screen that lies in front, or −1.
    int64_t hit(const SpaceView& view, const SpaceCamera& camera, ImVec2 at, float slack);

    /// One in so many tokens is drawn, of a large picture that software OpenGL moves.
    size_t every() const { return every_; }
    /// The picture on the screen is still the one before.
    bool behind() const { return works_ && every_ == 1 && (upload_ || !renderer_.whole()); }

    // Read by tests.
    const std::vector<viz::Point>& drawn() const { return drawn_; }

  private:
    void compose(const AppState& state, const SpaceView& view, const viz::Orbit& orbit);
    void order_by_depth(const SpaceView& view, const viz::Orbit& orbit);
    void thin_while_moving(AppState& state, const SpaceView& view, const SpaceCamera& camera);
    void upload(const AppState& state, const SpaceView& view);
    std::vector<viz::Point> some_of(const AppState& state, const SpaceView& view) const;
    void draw_without_gl(const SpaceView& view, const SpaceCamera& camera) const;

    viz::PointRenderer renderer_;
    bool tried_ = false, works_ = false;

    std::array<float, 16> matrix_{};  ///< of the camera in the last frame
    double moved_ = -1;               ///< when it was another one last
    size_t every_ = 1;

    // What was last composed, and from what.
    bool stale_ = true, upload_ = true;
    bool renew_ = false;  ///< even where the picture before is not whole
    viz::Orbit orbit_;
    uint64_t selection_ = 0;
    std::vector<uint8_t> hits_;
    std::vector<viz::Point> drawn_;  ///< in the order of drawing
    std::vector<uint32_t> order_;    ///< of the view's points, where it is solid
    viz::HitGrid grid_;              ///< of the turned points in that order
    bool grid_stale_ = true;
};

}  // namespace hopscope::app
