// The routing-space panel: centroids (size = load) and tokens of one layer in one frozen
// projection, with trails, hover, selection and the paths of selected tokens over the hops. Window
// thread only, owned by the shell.
#pragma once

#include <imgui.h>
#include <memory>
#include <string>
#include <vector>

#include "app/panels/routing_space_picture.h"
#include "app/window/panel.h"
#include "viz/camera2d.h"

namespace hopscope::app {

class RoutingSpacePanel : public Panel {
  public:
    const char* title() const override { return "Routing space"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

    // Read by tests.
    const SpacePicture& picture() const { return picture_; }
    const viz::Camera2d& camera() const { return camera_; }
    /// Screen position of a centroid in the last frame, for tests that click.
    ImVec2 screen_of_expert(int64_t expert) const;
    uint64_t pictures_made() const { return pictures_made_; }

  private:
    struct Made {  ///< what the present picture was made from
        const void* session = nullptr;
        uint64_t snapshot = 0, places = 0;
        int trail = 0;
        PictureOptions options;
        bool operator==(const Made&) const = default;
    };
    struct PathsFrom {
        uint64_t snapshot = 0, trace = 0, selection = 0, basis = 0;
        int64_t layer = -1;
        bool operator==(const PathsFrom&) const = default;
    };

    void follow_layers(AppState& state);
    void make_paths(const AppState& state);
    void draw_controls(AppState& state);
    void draw_picture(AppState& state, ImVec2 size);
    void draw_points(AppState& state, ImVec2 at, ImVec2 size);
    void draw_without_gl(const AppState& state, ImVec2 at, ImVec2 size);
    void handle_pointer(AppState& state, ImVec2 at, ImVec2 size);
    void handle_keys(AppState& state);
    void draw_paths(const AppState& state, ImVec2 at) const;
    void draw_path(const AppState& state, ImVec2 at, const TokenPath& path, ImU32 color) const;
    void draw_selected(const AppState& state, ImVec2 at) const;
    void draw_legend(AppState& state, ImVec2 at);
    void draw_captions(const AppState& state, ImVec2 at, ImVec2 size) const;
    void draw_tooltip(const AppState& state);
    void expert_tooltip(const AppState& state, int64_t expert);
    void token_tooltip(const AppState& state, const SpaceItem& item);
    void label(const AppState& state, ImVec2 at, const std::string& text, ImU32 color) const;
    ImVec2 on_screen(ImVec2 at, viz::Vec2 world) const;
    void fit(const AppState& state, bool animated);
    void focus(const AppState& state);
    void go_to(const AppState& state, const viz::Camera2d& goal, bool animated);
    std::string space_problem(const AppState& state) const;

    SpaceColor color_ = SpaceColor::place;
    int trail_ = 8;
    bool tokens_ = true;
    std::vector<std::string> hidden_classes_;

    CentroidHistory history_;
    uint64_t history_version_ = 0;
    const void* session_ = nullptr;
    Made made_;
    SpacePicture picture_;
    uint64_t pictures_made_ = 0;
    bool upload_ = false;
    PathsFrom paths_from_;
    std::vector<TokenPath> paths_;

    viz::Camera2d camera_, camera_from_, camera_goal_;
    double moving_since_ = -1;
    bool auto_fit_ = true;
    uint64_t fitted_basis_ = 0;
    int64_t fitted_layer_ = -1;
    ImVec2 picture_at_;
    int64_t menu_expert_ = -1;  ///< whose menu is open
    int64_t hovered_ = -1;
    bool dragging_ = false;

    viz::PointRenderer renderer_;
    bool gl_tried_ = false, gl_works_ = false;
};

}  // namespace hopscope::app
