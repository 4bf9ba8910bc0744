// The routing-space panel: centroids (size = load) and tokens of one layer in one frozen
// projection, with trails, hover, selection and the paths of selected tokens over the hops. Window
// thread only, owned by the shell.
#pragma once

#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/panel.h"
#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/controls.h"
#include "app/panels/routing_space/legend.h"
#include "app/panels/routing_space/points.h"
#include "app/panels/routing_space/view.h"

namespace hopscope::app {

class RoutingSpacePanel final : public Panel {
  public:
    const char* title() const override { return "Routing space"; }
    std::string detail(const AppState& state) const override;
    bool follows_time() const override { return true; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::vector<ActionItem> actions(AppState& state) override;

    // Read by tests.
    const SpaceView& view() const { return view_; }
    const viz::Camera2d& camera() const { return camera_.camera(); }
    /// Screen position of a centroid in the last frame, for tests that click.
    ImVec2 screen_of_expert(int64_t expert) const;

  private:
    struct Made {  ///< what the present view was made from
        const void* session = nullptr;
        uint64_t snapshot = 0, archive = 0, places = 0;
        int trail = 0;
        SpaceOptions options;
        bool operator==(const Made&) const = default;
    };
    struct PathsFrom {
        uint64_t snapshot = 0, trace = 0, selection = 0, basis = 0;
        int64_t layer = -1;
        bool operator==(const PathsFrom&) const = default;
    };

    void follow_layers(AppState& state);
    void make_paths(const AppState& state);
    void draw_space(AppState& state, ImVec2 size);
    void handle_pointer(AppState& state);
    std::string space_problem(const AppState& state) const;

    const void* session_ = nullptr;
    Made made_;
    SpaceView view_;
    PathsFrom paths_from_;
    std::vector<TokenPath> paths_;
    std::optional<Selection> cleared_;  ///< what the last click took away

    SpaceControls controls_;
    SpaceCamera camera_;
    SpacePoints points_;
    SpaceLegend legend_;
    int64_t menu_expert_ = -1;  ///< whose menu is open
    int64_t hovered_ = -1;      ///< item of the view
    bool dragging_ = false;
    bool names_ = true;  ///< of experts, beside centroids
};

}  // namespace hopscope::app
