#include "app/panels/routing_space/region_layer.h"

#include <imgui.h>

namespace hopscope::app {
namespace {

constexpr int kSide = 320;  ///< cells of the picture
constexpr float kRegionAlpha = 0.16f, kMarginAlpha = 0.55f;

}  // namespace

const char* name_of(RegionShow show) {
    switch (show) {
        case RegionShow::none:
            return "none";
        case RegionShow::regions:
            return "regions";
        case RegionShow::margins:
            return "margins";
    }
    return "";
}

void RegionLayer::forget() {
    asked_ = {};
    pending_.forget();
    texture_.set({});
}

void RegionLayer::prepare(AppState& state, const SpaceView& view, RegionShow show) {
    if (view.empty() || view.solid) show = RegionShow::none;
    if (auto come = pending_.take()) {
        texture_.set(come->raster);
        low_ = come->low;
        high_ = come->high;
    }
    if (show == RegionShow::none) return asked_.show == show ? void() : forget();
    const Made wanted = {state.geometry->version,
                         state.places.layer(view.layer).version,
                         view.layer,
                         view.axes,
                         show,
                         state.theme().dark};
    if (wanted == asked_ || pending_.waits()) return;
    // What stands there may be a snapshot old, but not of another plane.
    if (wanted.layer != asked_.layer || wanted.axes != asked_.axes || wanted.show != asked_.show)
        texture_.set({});
    asked_ = wanted;
    std::vector<viz::Rgb> colors;
    const auto& g = state.geometry->layers[static_cast<size_t>(view.layer)];
    for (int64_t e = 0; e < g.experts; ++e)
        colors.push_back(state.places.expert_color(view.layer, e, wanted.dark));
    const viz::Vec2 o = {view.origin.x, view.origin.y};
    pending_ = state.aside([snapshot = state.geometry, basis = view.basis, layer = view.layer,
                            shade = packed(state.theme().text), colors, o, show]() -> Picture {
        const auto& centroids = snapshot->layers[static_cast<size_t>(layer)].centroids;
        const auto regions =
            viz::plane_regions(basis, centroids, {o.x - 1, o.y - 1}, {o.x + 1, o.y + 1}, kSide);
        return {show == RegionShow::regions ? viz::region_raster(regions, colors, kRegionAlpha)
                                            : viz::margin_raster(regions, shade, kMarginAlpha),
                regions.low, regions.high};
    });
}

void RegionLayer::draw(const SpaceCamera& camera) {
    const ImVec2 a = camera.on_screen({low_.x, high_.y, 0}),
                 b = camera.on_screen({high_.x, low_.y, 0});
    texture_.draw(*ImGui::GetWindowDrawList(), a, b);
}

}  // namespace hopscope::app
