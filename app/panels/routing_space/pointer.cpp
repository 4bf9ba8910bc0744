#include "app/panels/routing_space/pointer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/widgets/widgets.h"
#include "viz/lasso.h"

namespace hopscope::app {
namespace {

constexpr float kSlack = 5.0f;  ///< pixels beside a glyph that still count as on it
constexpr float kWheelStep = 1.18f;
constexpr float kLassoStep = 3.0f;  ///< pixels between two corners

}  // namespace

void SpacePointer::begin(AppState& state, const SpaceView& view, CentroidMove& move) {
    const ImGuiIO& io = ImGui::GetIO();
    gesture_ = io.KeyAlt ? Gesture::lasso : io.KeyShift ? Gesture::box : Gesture::camera;
    adds_ = io.KeyShift;
    line_ = {begun_, begun_};
    if (!io.KeyCtrl || pressed_ < 0 || static_cast<size_t>(pressed_) >= view.items.size()) return;
    const SpaceItem& item = view.items[static_cast<size_t>(pressed_)];
    if (!item.expert) return;
    gesture_ = Gesture::move;
    move.begin(state, view, item.index, begun_);
}

void SpacePointer::follow(AppState& state, const SpaceView& view, SpaceCamera& camera,
                          CentroidMove& move) {
    const ImGuiIO& io = ImGui::GetIO();
    switch (gesture_) {
        case Gesture::none:
            break;
        case Gesture::camera:
            view.solid ? camera.turn(state, io.MouseDelta) : camera.pan(state, io.MouseDelta);
            break;
        case Gesture::box:
            line_.back() = io.MousePos;
            break;
        case Gesture::lasso:
            if (std::hypot(io.MousePos.x - line_.back().x, io.MousePos.y - line_.back().y) >
                kLassoStep)
                line_.push_back(io.MousePos);
            break;
        case Gesture::move:
            move.drag_to(view, camera, io.MousePos);
            break;
    }
}

/// Selects what is drawn inside the line.
void SpacePointer::take_inside(AppState& state, const SpaceView& view,
                               const SpaceCamera& camera) const {
    std::vector<viz::Vec2> corners;
    if (gesture_ == Gesture::box)
        corners = viz::box_corners(camera.to_plane(line_.front()), camera.to_plane(line_.back()));
    else
        for (const ImVec2& p : line_) corners.push_back(camera.to_plane(p));
    Chosen inside;
    for (size_t i = 0; i < view.points.size(); ++i) {
        const viz::Point& p = view.points[i];
        const viz::Vec3 turned = camera.orbit().turned({p.x, p.y, p.z});
        if (!viz::inside_polygon(corners, {turned.x, turned.y})) continue;
        auto& set = view.items[i].expert ? inside.experts : inside.tokens;
        set.insert(view.items[i].index);
    }
    state.selection.pick_all(inside, adds_);
}

void SpacePointer::click(AppState& state, const SpaceView& view, SpaceCamera& camera, bool over) {
    const ImGuiIO& io = ImGui::GetIO();
    if (over && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        camera.fit(state, view);
        // Its first click fell beside every point and cleared what was selected.
        if (std::exchange(cleared_, false)) state.selection_history.take_back(state.selection);
        return;
    }
    const bool released = ImGui::IsItemDeactivated() && gesture_ == Gesture::none;
    if (!released || !over || io.MouseClickedLastCount[0] >= 2) return;
    cleared_ = false;
    if (hovered_ < 0) {
        if (io.KeyShift) return;
        cleared_ = !state.selection.empty();
        state.selection.clear();
        return;
    }
    const SpaceItem& item = view.items[static_cast<size_t>(hovered_)];
    if (!io.KeyShift) state.selection.probe_tokens.clear();
    if (item.expert)
        state.selection.pick_expert(item.index, io.KeyShift);
    else
        state.selection.pick_probe_token(item.index, io.KeyShift);
}

void SpacePointer::update(AppState& state, const SpaceView& view, SpaceCamera& camera,
                          SpacePoints& points, CentroidMove& move) {
    const ImGuiIO& io = ImGui::GetIO();
    const bool over = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
    if (ImGui::IsItemActivated()) {
        gesture_ = Gesture::none;
        camera.begin_drag();
        begun_ = io.MousePos;
        pressed_ = points.hit(view, camera, begun_, kSlack * state.pixel_scale);
    }
    if (active && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) {
        if (gesture_ == Gesture::none) begin(state, view, move);
        follow(state, view, camera, move);
    }
    if (over && ImGui::IsMouseClicked(ImGuiMouseButton_Middle)) camera.begin_drag();
    if (over && ImGui::IsMouseDragging(ImGuiMouseButton_Middle)) camera.pan(state, io.MouseDelta);
    if (over && io.MouseWheel != 0)
        camera.zoom_at(state, io.MousePos, std::pow(kWheelStep, io.MouseWheel));
    hovered_ = over && gesture_ == Gesture::none
                   ? points.hit(view, camera, io.MousePos, kSlack * state.pixel_scale)
                   : -1;
    if (ImGui::IsItemDeactivated() && (gesture_ == Gesture::box || gesture_ == Gesture::lasso))
        take_inside(state, view, camera);
    if (ImGui::IsItemDeactivated() && gesture_ == Gesture::move) move.release(state);
    click(state, view, camera, over);
    if (!active) gesture_ = Gesture::none;
    if (over && hovered_ >= 0 && ImGui::IsMouseReleased(ImGuiMouseButton_Right)) {
        const SpaceItem& item = view.items[static_cast<size_t>(hovered_)];
        if (item.expert) {
            menu_expert_ = item.index;
            ImGui::OpenPopup("expert menu");
        }
    }
}

void SpacePointer::draw(AppState& state) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale;
    const ImU32 line = packed(state.theme().accent);
    const ImU32 fill = packed(faded(state.theme().accent, 0.1f));
    if (gesture_ == Gesture::box) {
        const ImVec2 low(std::min(line_[0].x, line_[1].x), std::min(line_[0].y, line_[1].y));
        const ImVec2 high(std::max(line_[0].x, line_[1].x), std::max(line_[0].y, line_[1].y));
        list->AddRectFilled(low, high, fill);
        list->AddRect(low, high, line, 0, 0, 1.2f * s);
    } else if (gesture_ == Gesture::lasso) {
        list->AddConcavePolyFilled(line_.data(), static_cast<int>(line_.size()), fill);
        list->AddPolyline(line_.data(), static_cast<int>(line_.size()), line, ImDrawFlags_Closed,
                          1.2f * s);
    }
    expert_menu(state, "expert menu", state.selection.layer, menu_expert_);
}

}  // namespace hopscope::app
