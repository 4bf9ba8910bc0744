// What lies over the points of the routing space: selection, paths of tokens, captions, tooltips.
// Functions of the scene; window thread only, inside an ImGui window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/paths.h"
#include "app/panels/routing_space/region_layer.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What is seen in this frame; the state has a snapshot, and the layer is one of it.
struct SpaceScene {
    const AppState& state;
    const SpaceView& view;
    const std::vector<TokenPath>& paths;
    const SpaceCamera& camera;
    int64_t hovered = -1;  ///< item of the view under the pointer; −1: none
    RegionShow regions = RegionShow::none;
    size_t every = 1;     ///< one in so many tokens is drawn
    bool making = false;  ///< another view is being made
};

/// Of the unit sphere, where the picture is solid.
void draw_outline(const SpaceScene& scene);
void draw_selected(const SpaceScene& scene);
/// What is written beside a selected expert; "" where they are too many, or it has no load.
std::string selected_label(const AppState& state, int64_t expert);
void draw_paths(const SpaceScene& scene);
void draw_captions(const SpaceScene& scene, const SpaceLook& look);
void draw_tooltip(const SpaceScene& scene);
/// In place of the captions, while a picture of the present points is made.
void draw_making(const AppState& state, ImVec2 at, ImVec2 size);

/// Between the glyph of an expert and what is written beside it, unscaled pixels.
inline constexpr float kLabelGap = 9;

/// Brings the selection near; the tooltip of an expert says so.
inline constexpr const char* kFocusKeys = "F";

}  // namespace hopscope::app
