// The list of what lies nearest to the one point that is selected: centroids and tokens, by cosine
// or by Euclidean distance in the full space. Owned by the panel, window thread only.
#pragma once

#include <vector>

#include "app/panels/routing_space/neighbours.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// The one expert or token that is selected; index −1 where it is none or several.
viz::PointItem only_selected(const Selection& selection);

class NeighbourList {
  public:
    bool shown = false;
    Nearness by = Nearness::cosine;

    /// Where it is shown: a small window whose upper left corner is `corner`, at most `room` high.
    void draw(AppState& state, ImVec2 corner, float room);
    /// Of that window, pixels.
    static float width(const AppState& state) { return 216 * state.pixel_scale; }

    // Read by tests.
    const std::vector<Neighbour>& centroids() const { return centroids_; }
    const std::vector<Neighbour>& tokens() const { return tokens_; }

  private:
    struct Made {
        uint64_t snapshot = 0;
        int64_t layer = -1;
        viz::PointItem of;
        Nearness by = Nearness::cosine;
        bool operator==(const Made&) const = default;
    };
    void make(const AppState& state, const viz::PointItem& of);
    void draw_rows(AppState& state, const std::vector<Neighbour>& rows);

    Made made_;
    std::vector<Neighbour> centroids_, tokens_;
};

}  // namespace hopscope::app
