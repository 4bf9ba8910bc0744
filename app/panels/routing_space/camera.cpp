#include "app/panels/routing_space/camera.h"

#include <algorithm>
#include <utility>

namespace hopscope::app {
namespace {

constexpr double kMotion = 0.15;                          ///< seconds a camera takes to its goal
constexpr double kOneZoom = 0.5;                          ///< seconds between turns of the wheel
constexpr float kFirstYaw = -0.55f, kFirstPitch = 0.35f;  ///< all three axes can be told apart

}  // namespace

ImVec2 SpaceCamera::on_screen(viz::Vec3 world) const {
    const viz::Vec3 turned = orbit_.turned(world);
    const viz::Vec2 p = camera_.to_screen({turned.x, turned.y});
    return {at_.x + p.x, at_.y + p.y};
}

viz::Vec2 SpaceCamera::to_plane(ImVec2 screen) const {
    return camera_.to_world({screen.x - at_.x, screen.y - at_.y});
}

void SpaceCamera::forget() {
    follows_ = true;
    fitted_layer_ = -1;
    wanted_.reset();
    history_.forget();
}

CameraPlace SpaceCamera::place() const {
    if (wanted_) return *wanted_;
    const viz::Camera2d& flat = moving_since_ < 0 ? camera_ : goal_;
    return {follows_, flat.center, std::min(flat.size.x, flat.size.y) / flat.zoom, orbit_.yaw,
            orbit_.pitch};
}

/// A person goes elsewhere: to where a session was is not gone any more.
CameraPlace SpaceCamera::leave() {
    const CameraPlace before = place();
    wanted_.reset();
    return before;
}

bool SpaceCamera::note_step(AppState& state, const CameraPlace& before) {
    zoomed_at_ = -1e9;
    if (before.shows_what(place())) return false;
    history_.step(before, state.selection_history.next_order());
    state.selection_history.forget_redo();
    return true;
}

void SpaceCamera::pan(AppState& state, ImVec2 by) {
    const CameraPlace before = leave();
    follows_ = false;
    moving_since_ = -1;
    camera_.pan({by.x, by.y});
    if (drag_begins_) drag_begins_ = !note_step(state, before);
}

void SpaceCamera::turn(AppState& state, ImVec2 by) {
    const CameraPlace before = leave();
    // A sphere of the size of the unit sphere rolls under the pointer.
    orbit_.drag({by.x, by.y}, std::max(camera_.zoom, 40.0f));
    if (drag_begins_) drag_begins_ = !note_step(state, before);
}

void SpaceCamera::look_along(AppState& state, int axis) {
    const CameraPlace before = leave();
    orbit_.look_along(axis);
    note_step(state, before);
}

void SpaceCamera::zoom_at(AppState& state, ImVec2 pointer, float factor) {
    const CameraPlace before = leave();
    viz::Camera2d zoomed = camera_;
    zoomed.zoom_at({pointer.x - at_.x, pointer.y - at_.y}, factor);
    if (zoomed == camera_) return;  // at its limit: the next turn begins a step of its own
    camera_ = zoomed;
    follows_ = false;
    moving_since_ = -1;
    if (state.now - zoomed_at_ > kOneZoom) note_step(state, before);
    zoomed_at_ = state.now;
}

void SpaceCamera::show(AppState& state, viz::Vec3 world) {
    const ImVec2 p = on_screen(world), edge(camera_.size.x * 0.04f, camera_.size.y * 0.04f);
    if (p.x > at_.x + edge.x && p.y > at_.y + edge.y && p.x < at_.x + camera_.size.x - edge.x &&
        p.y < at_.y + camera_.size.y - edge.y)
        return;
    const CameraPlace before = leave();
    const viz::Vec3 turned = orbit_.turned(world);
    viz::Camera2d goal = camera_;
    goal.center = {turned.x, turned.y};
    follows_ = false;
    go_to(state, goal, true);
    note_step(state, before);
}

void SpaceCamera::undo(const AppState& state, const SpaceView& view) {
    if (history_.can_undo()) go_to(state, view, history_.undo(place()), true);
}

void SpaceCamera::redo(const AppState& state, const SpaceView& view) {
    if (history_.can_redo()) go_to(state, view, history_.redo(place()), true);
}

void SpaceCamera::update(AppState& state, const SpaceView& view, bool stays, ImVec2 at,
                         ImVec2 size) {
    at_ = at;
    const bool resized = camera_.size.x != size.x || camera_.size.y != size.y;
    camera_.size = goal_.size = from_.size = {size.x, size.y};
    const uint64_t basis = state.places.layer(view.layer).version;
    // By what the picture shows: the layer that was just chosen is drawn in the next frame.
    if (!view.empty() && fitted_solid_ != view.solid) {
        orbit_ = {};
        if (view.solid) orbit_.yaw = kFirstYaw, orbit_.pitch = kFirstPitch;
    }
    if (view.solid) orbit_.pivot = view.origin;
    const bool other =
        fitted_layer_ != view.layer || fitted_axes_ != view.axes || fitted_solid_ != view.solid;
    if (!view.empty() && (other || (follows_ && (resized || fitted_basis_ != basis)))) {
        show_all(state, view, false);
        if (other) history_.forget();
        fitted_layer_ = view.layer;
        fitted_basis_ = basis;
        fitted_axes_ = view.axes;
        fitted_solid_ = view.solid;
    }
    if (wanted_ && stays && !view.empty())
        go_to(state, view, *std::exchange(wanted_, std::nullopt), /*animated=*/false);
    if (moving_since_ < 0) return;
    const double t = (state.now - moving_since_) / kMotion;
    const float eased = static_cast<float>(t * t * (3 - 2 * t));
    camera_ = t >= 1 ? goal_ : viz::between(from_, goal_, eased);
    if (t >= 1) moving_since_ = -1;
    state.keep_drawing(2);
}

void SpaceCamera::go_to(const AppState& state, const viz::Camera2d& goal, bool animated) {
    goal_ = goal;
    if (animated && state.settings.animations) {
        from_ = camera_;
        moving_since_ = state.now;
    } else {
        camera_ = goal;
        moving_since_ = -1;
    }
}

void SpaceCamera::go_to(const AppState& state, const SpaceView& view, const CameraPlace& place,
                        bool animated) {
    zoomed_at_ = -1e9;
    if (view.solid) orbit_.yaw = place.yaw, orbit_.pitch = place.pitch;
    if (place.follows) return show_all(state, view, animated);
    follows_ = false;
    viz::Camera2d goal = camera_;
    goal.center = place.center;
    goal.zoom =
        std::clamp(std::min(goal.size.x, goal.size.y) / place.span, goal.zoom_min, goal.zoom_max);
    go_to(state, goal, animated);
}

void SpaceCamera::fit(AppState& state, const SpaceView& view) {
    const CameraPlace before = leave();
    show_all(state, view, true);
    note_step(state, before);
}

void SpaceCamera::show_all(const AppState& state, const SpaceView& view, bool animated) {
    follows_ = true;
    if (view.low.x > view.high.x) return;
    viz::Vec2 low = view.low, high = view.high;
    // The unit circle is shown too unless the points would become small beside it.
    const viz::Vec3 o = view.origin;
    const float reach =
        std::max(std::max(high.x - o.x, o.x - low.x), std::max(high.y - o.y, o.y - low.y));
    if (view.solid) {
        const float radius = std::max(reach, 1.0f);  // whatever way it is turned
        low = {o.x - radius, o.y - radius};
        high = {o.x + radius, o.y + radius};
    } else if (reach > 0.6f) {
        low = {std::min(low.x, o.x - 1), std::min(low.y, o.y - 1)};
        high = {std::max(high.x, o.x + 1), std::max(high.y, o.y + 1)};
    }
    viz::Camera2d goal = camera_;
    goal.fit(low, high, 36 * state.pixel_scale);
    // The captions take the lower edge.
    goal.pan({0, -12 * state.pixel_scale});
    go_to(state, goal, animated);
}

void SpaceCamera::focus(AppState& state, const SpaceView& view,
                        const std::vector<TokenPath>& paths) {
    viz::Vec2 low = {1e30f, 1e30f}, high = {-1e30f, -1e30f};
    const auto include = [&](viz::Vec3 world) {
        const viz::Vec3 p = orbit_.turned(world);
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    };
    for (const int64_t e : state.selection.experts)
        if (static_cast<size_t>(3 * e + 2) < view.coords.size()) include(view.centroid(e));
    for (const auto& path : paths)
        for (const auto& p : path.at) include(p);
    if (low.x > high.x) return;
    const float least = 0.12f * std::max(view.high.x - view.low.x, 1e-3f);
    if (high.x - low.x < least && high.y - low.y < least)
        low = {low.x - least, low.y - least}, high = {high.x + least, high.y + least};
    viz::Camera2d goal = camera_;
    goal.fit(low, high, 90 * state.pixel_scale);
    const CameraPlace before = leave();
    follows_ = false;
    go_to(state, goal, true);
    note_step(state, before);
}

}  // namespace hopscope::app
