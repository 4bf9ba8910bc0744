// The routing-space panel: centroids (size = load) and tokens of one layer in one frozen
// projection, with trails, hover, selection and the paths of selected tokens over the hops. Window
// thread only, owned by the shell.
#pragma once

#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/experts/token_search.h"
#include "app/panels/panel.h"
#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/centroid_move.h"
#include "app/panels/routing_space/controls.h"
#include "app/panels/routing_space/legend.h"
#include "app/panels/routing_space/made_view.h"
#include "app/panels/routing_space/neighbour_list.h"
#include "app/panels/routing_space/pointer.h"
#include "app/panels/routing_space/points.h"
#include "app/panels/routing_space/quantity_cache.h"
#include "app/panels/routing_space/region_layer.h"
#include "app/panels/routing_space/selection_menu.h"
#include "app/panels/routing_space/space_history.h"
#include "app/panels/routing_space/view.h"

namespace hopscope::app {

class RoutingSpacePanel final : public Panel {
  public:
    const char* title() const override { return "Routing space"; }
    std::string detail(const AppState& state) const override;
    bool follows_time() const override { return true; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState& state) override;
    std::function<std::string()> csv_later(AppState& state) override;
    /// Whether a view of many points is being made, while another one is shown.
    bool making() const override { return made_.behind(); }
    std::vector<ActionItem> actions(AppState& state) override;
    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override { restored_ = view; }
    void forget_restored() override { restored_.reset(); }

    // Read by tests.
    const SpaceView& view() const { return made_.view(); }
    const viz::Camera2d& camera() const { return camera_.camera(); }
    const viz::Orbit& orbit() const { return camera_.orbit(); }
    const SpacePoints& points() const { return points_; }
    const RegionLayer& regions() const { return regions_; }
    const TokenSearch& search() const { return search_; }
    const NeighbourList& neighbours() const { return neighbours_; }
    const CentroidMove& move() const { return move_; }
    /// Screen position of a centroid in the last frame, for tests that click.
    ImVec2 screen_of_expert(int64_t expert) const;
    /// The same of a point of view().
    ImVec2 screen_of_point(size_t point) const;

  private:
    static ActionItem refit_action(AppState& state);
    struct PathsFrom {  ///< what the paths were made from, beside the view
        uint64_t snapshot = 0, trace = 0, selection = 0;
        std::optional<int64_t> shift;  ///< of the second prompt, where it is shown
        bool operator==(const PathsFrom&) const = default;
    };

    void follow_layers(AppState& state);
    void take_restored();
    void find_tokens(const AppState& state);
    void go_to_token(AppState& state, int64_t token);
    void follow_token(AppState& state);
    void make_paths(const AppState& state);
    void draw_space(AppState& state, ImVec2 size);
    void draw_last(AppState& state, ImVec2 at, ImVec2 size);
    void draw_corner(AppState& state, ImVec2 at, ImVec2 size);
    Chosen everything(const AppState& state) const;
    std::string space_problem(const AppState& state) const;

    uint64_t run_ = 0;  ///< AppState::runs_opened
    MadeView made_;
    PathsFrom paths_from_;
    std::vector<TokenPath> paths_;

    SpaceControls controls_;
    QuantityCache quantities_;
    SpaceCamera camera_;
    SpacePoints points_;
    SpaceLegend legend_;
    SpacePointer pointer_;
    CentroidMove move_;
    SpaceHistory history_{move_, camera_, made_};
    RegionLayer regions_;
    SelectionMenu selection_menu_;
    NeighbourList neighbours_;
    TokenSearch search_;                         ///< of the sample
    std::optional<int64_t> goes_to_;             ///< token that was found, until it is drawn
    bool names_ = true;                          ///< of experts, beside centroids
    std::optional<PanelView> restored_;          ///< until there is a run to be seen
    std::vector<ActionItem> selection_actions_;  ///< in the menu of the selection
};

}  // namespace hopscope::app
