// State, controls and gestures of the routing-space panel; what lies over the points is drawn in
// routing_space_overlay.cpp.
#include "app/panels/routing_space_panel.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kMotion = 0.15;  ///< seconds a camera takes to its goal
constexpr float kSlack = 5.0f;    ///< pixels beside a glyph that still count as on it
constexpr float kWheelStep = 1.18f;

/// Puts the next item of `width` on the same line where it fits, else on a new one.
void flow(float width) {
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    const float next = ImGui::GetItemRectMax().x + ImGui::GetStyle().ItemSpacing.x * 1.5f;
    if (next + width <= right) ImGui::SameLine(0, ImGui::GetStyle().ItemSpacing.x * 1.5f);
}

void control_label(const AppState& state, const char* text) {
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s", text);
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
}

}  // namespace

std::unique_ptr<Panel> make_routing_space_panel() {
    return std::make_unique<RoutingSpacePanel>();
}

std::string RoutingSpacePanel::detail(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    const auto& selection = state.selection;
    const std::string hop =
        selection.hop == kAllHops ? "all hops" : "hop " + std::to_string(selection.hop);
    return "layer " + std::to_string(selection.layer) + "   " + hop + "   2-D";
}

std::string RoutingSpacePanel::space_problem(const AppState& state) const {
    if (!state.geometry) {
        if (state.status.state == core::RunState::failed) return "The run failed before that";
        return "Waiting for the first snapshot";
    }
    const size_t layer = static_cast<size_t>(state.selection.layer);
    if (layer >= state.geometry->layers.size()) return "This run has no layers that route";
    const auto& g = state.geometry->layers[layer];
    if (g.experts == 0) return "Layer " + std::to_string(layer) + " has no experts";
    if (g.d_space == 0 || g.centroids.empty())
        return "The router of layer " + std::to_string(layer) + " has no space";
    return {};
}

void RoutingSpacePanel::follow_layers(AppState& state) {
    const auto& layers = state.geometry->layers;
    if (layers.empty()) return;
    auto& selection = state.selection;
    if (selection.layer < 0 || static_cast<size_t>(selection.layer) >= layers.size())
        selection.set_layer(0);
    const auto& g = layers[static_cast<size_t>(selection.layer)];
    if (selection.hop != kAllHops && (selection.hop < 0 || selection.hop >= g.hops))
        selection.set_hop(kAllHops);
}

void RoutingSpacePanel::prepare(AppState& state) {
    if (session_ != state.session.get()) {
        session_ = state.session.get();
        history_.clear();
        history_version_ = 0;
        made_ = {};
        picture_ = {};
        paths_.clear();
        paths_from_ = {};
        upload_ = auto_fit_ = true;
        fitted_layer_ = -1;
        hidden_classes_.clear();
    }
    if (!state.session || !state.geometry) return;
    const auto& snapshot = *state.geometry;
    follow_layers(state);
    if (state.places.update(snapshot, freeze_step(state.session->config()), state.selection.layer))
        state.keep_drawing(1);
    if (history_version_ != snapshot.version) {
        history_.add(snapshot);
        history_version_ = snapshot.version;
    }

    Made wanted;
    wanted.session = session_;
    wanted.snapshot = snapshot.version;
    wanted.places = state.places.version();
    wanted.trail = trail_;
    wanted.options.layer = state.selection.layer;
    wanted.options.hop = state.selection.hop;
    wanted.options.color = color_;
    wanted.options.dark = state.theme().dark;
    wanted.options.tokens = tokens_;
    wanted.options.scale = state.pixel_scale;
    wanted.options.background = packed(state.theme().panel);
    wanted.options.guide = packed(state.theme().border);
    wanted.options.hidden_classes = hidden_classes_;
    if (!(wanted == made_)) {
        picture_ = make_picture(snapshot, state.places, history_, static_cast<size_t>(trail_),
                                wanted.options);
        made_ = wanted;
        upload_ = true;
        hovered_ = -1;
        ++pictures_made_;
    }
    make_paths(state);
}

void RoutingSpacePanel::make_paths(const AppState& state) {
    const auto& selection = state.selection;
    const viz::LayerPlace& place = state.places.layer(selection.layer);
    const PathsFrom wanted = {state.geometry->version, state.trace ? state.trace->version : 0,
                              selection.version, place.version, selection.layer};
    if (wanted == paths_from_) return;
    paths_from_ = wanted;
    paths_.clear();
    if (state.trace && state.trace->error.empty())
        for (const int64_t token : selection.prompt_tokens) {
            auto path = prompt_path(*state.trace, token, selection.layer, place.basis);
            if (!path.at.empty()) paths_.push_back(std::move(path));
        }
    for (const int64_t token : selection.probe_tokens) {
        auto path = probe_path(*state.geometry, token, selection.layer, place.basis);
        if (!path.at.empty()) paths_.push_back(std::move(path));
    }
}

void RoutingSpacePanel::draw(AppState& state) {
    const std::string problem = space_problem(state);
    if (state.geometry && state.geometry->layers.size() > 0) draw_controls(state);
    if (!problem.empty()) {
        empty_state(state, problem.c_str(),
                    state.geometry
                        ? "Only routers that compare tokens with centroids have a space to draw. "
                          "Choose another layer above, or a run whose router is cosine or k-means."
                        : "The centroids of the experts and the tokens of a fixed sample appear "
                          "here, in one space, as soon as the run publishes its geometry.");
        return;
    }
    const ImVec2 size = ImGui::GetContentRegionAvail();
    if (size.x < 60 || size.y < 60) return;
    draw_picture(state, size);
}

void RoutingSpacePanel::draw_controls(AppState& state) {
    const float s = state.pixel_scale;
    const auto& layers = state.geometry->layers;
    auto& selection = state.selection;
    const auto& g = layers[static_cast<size_t>(
        std::clamp<int64_t>(selection.layer, 0, static_cast<int64_t>(layers.size()) - 1))];

    control_label(state, "layer");
    ImGui::SetNextItemWidth(56 * s);
    if (ImGui::BeginCombo("##layer", std::to_string(selection.layer).c_str())) {
        for (int64_t i = 0; i < static_cast<int64_t>(layers.size()); ++i) {
            const bool chosen = i == selection.layer;
            if (ImGui::Selectable(std::to_string(i).c_str(), chosen)) selection.set_layer(i);
        }
        ImGui::EndCombo();
    }
    flow(110 * s);
    control_label(state, "hop");
    ImGui::SetNextItemWidth(62 * s);
    const std::string hop = selection.hop == kAllHops ? "all" : std::to_string(selection.hop);
    if (ImGui::BeginCombo("##hop", hop.c_str())) {
        if (ImGui::Selectable("all", selection.hop == kAllHops)) selection.set_hop(kAllHops);
        for (int64_t h = 0; h < g.hops; ++h)
            if (ImGui::Selectable(std::to_string(h).c_str(), selection.hop == h))
                selection.set_hop(h);
        ImGui::EndCombo();
    }
    tooltip("Token positions of one hop, or of all hops of the layer");
    flow(140 * s);
    control_label(state, "colour");
    ImGui::SetNextItemWidth(80 * s);
    if (ImGui::BeginCombo("##colour", name_of(color_))) {
        for (const auto c :
             {SpaceColor::place, SpaceColor::load, SpaceColor::token_class, SpaceColor::hop})
            if (ImGui::Selectable(name_of(c), c == color_)) color_ = c;
        ImGui::EndCombo();
    }
    tooltip(
        "place: from the first three axes, the same colour in every panel. load: of an expert, "
        "times uniform. class: label of the synthetic text. hop: of a token's position");
    flow(190 * s);
    control_label(state, "tail");
    ImGui::SetNextItemWidth(84 * s);
    ImGui::SliderInt("##tail", &trail_, 0, static_cast<int>(CentroidHistory::kLongest), "",
                     ImGuiSliderFlags_AlwaysClamp);
    tooltip("How many past snapshots the tails of the centroids reach back");
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    ImGui::AlignTextToFramePadding();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::Text("%2d", trail_);
    ImGui::PopFont();
    flow(70 * s);
    ImGui::Checkbox("tokens", &tokens_);
    tooltip("Show the tokens of the probe sample beside the centroids");
    flow(50 * s);
    if (ImGui::Button("Fit")) {
        auto_fit_ = true;
        fit(state, true);
    }
    tooltip("Show everything (double click)");
    flow(60 * s);
    const bool has_space = g.d_space > 0 && !g.centroids.empty();
    if (button(state, "Refit", has_space ? nullptr : "this layer has no space",
               "Fit the principal axes to the present snapshot, turned as near to the old ones as "
               "they can be (Procrustes), and freeze them. The colours of places change with it."))
        state.places.refit(*state.geometry, selection.layer);
}

void RoutingSpacePanel::go_to(const AppState& state, const viz::Camera2d& goal, bool animated) {
    camera_goal_ = goal;
    if (animated && state.settings.animations) {
        camera_from_ = camera_;
        moving_since_ = state.now;
    } else {
        camera_ = goal;
        moving_since_ = -1;
    }
}

void RoutingSpacePanel::fit(const AppState& state, bool animated) {
    if (picture_.low.x > picture_.high.x) return;
    viz::Vec2 low = picture_.low, high = picture_.high;
    // The unit circle is shown too unless the points would become small beside it.
    const viz::Vec2 o = picture_.origin;
    const float reach =
        std::max(std::max(high.x - o.x, o.x - low.x), std::max(high.y - o.y, o.y - low.y));
    if (reach > 0.6f) {
        low = {std::min(low.x, o.x - 1), std::min(low.y, o.y - 1)};
        high = {std::max(high.x, o.x + 1), std::max(high.y, o.y + 1)};
    }
    viz::Camera2d goal = camera_;
    goal.fit(low, high, 36 * state.pixel_scale);
    // The captions take the lower edge.
    goal.pan({0, -12 * state.pixel_scale});
    go_to(state, goal, animated);
}

void RoutingSpacePanel::focus(const AppState& state) {
    viz::Vec2 low = {1e30f, 1e30f}, high = {-1e30f, -1e30f};
    const auto include = [&](float x, float y) {
        low = {std::min(low.x, x), std::min(low.y, y)};
        high = {std::max(high.x, x), std::max(high.y, y)};
    };
    for (const int64_t e : state.selection.experts)
        if (static_cast<size_t>(3 * e + 2) < picture_.coords.size())
            include(picture_.coords[static_cast<size_t>(3 * e)],
                    picture_.coords[static_cast<size_t>(3 * e + 1)]);
    for (const auto& path : paths_)
        for (const auto& p : path.at) include(p.x, p.y);
    if (low.x > high.x) return;
    const float least = 0.12f * std::max(picture_.high.x - picture_.low.x, 1e-3f);
    if (high.x - low.x < least && high.y - low.y < least)
        low = {low.x - least, low.y - least}, high = {high.x + least, high.y + least};
    viz::Camera2d goal = camera_;
    goal.fit(low, high, 90 * state.pixel_scale);
    auto_fit_ = false;
    go_to(state, goal, true);
}

void RoutingSpacePanel::draw_picture(AppState& state, ImVec2 size) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    picture_at_ = at;
    const bool resized = camera_.size.x != size.x || camera_.size.y != size.y;
    camera_.size = camera_goal_.size = camera_from_.size = {size.x, size.y};
    const uint64_t basis = state.places.layer(state.selection.layer).version;
    if (fitted_layer_ != state.selection.layer ||
        (auto_fit_ && (resized || fitted_basis_ != basis))) {
        auto_fit_ = true;
        fit(state, false);
        fitted_layer_ = state.selection.layer;
        fitted_basis_ = basis;
    }
    if (moving_since_ >= 0) {
        const double t = (state.now - moving_since_) / kMotion;
        const float eased = static_cast<float>(t * t * (3 - 2 * t));
        camera_ = t >= 1 ? camera_goal_ : viz::between(camera_from_, camera_goal_, eased);
        if (t >= 1) moving_since_ = -1;
        state.keep_drawing(2);
    }

    ImGui::SetNextItemAllowOverlap();  // the legend's entries lie over it
    ImGui::InvisibleButton("picture", size);
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    handle_pointer(state, at, size);
    handle_keys(state);

    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), true);
    draw_points(state, at, size);
    draw_selected(state, at);
    draw_paths(state, at);
    draw_captions(state, at, size);
    list->PopClipRect();
    draw_legend(state, at);
    draw_tooltip(state);
}

void RoutingSpacePanel::draw_points(AppState& state, ImVec2 at, ImVec2 size) {
    if (!gl_tried_) {
        gl_tried_ = true;
        gl_works_ = glfwGetCurrentContext() != nullptr && renderer_.start(glfwGetProcAddress);
        if (!gl_works_ && !renderer_.error().empty())
            state.say("routing space is drawn the slow way: " + renderer_.error());
    }
    if (!gl_works_) return draw_without_gl(state, at, size);
    if (upload_) {
        renderer_.set_points(picture_.points);
        renderer_.set_segments(picture_.lines);
        upload_ = false;
    }
    const ImVec2 ratio = ImGui::GetIO().DisplayFramebufferScale;
    const float r = std::max(ratio.x, 0.1f);
    const unsigned texture =
        renderer_.render(camera_.matrix(), static_cast<int>(std::lround(size.x * r)),
                         static_cast<int>(std::lround(size.y * r)), packed(state.theme().panel), r);
    if (texture == 0) return draw_without_gl(state, at, size);
    ImGui::GetWindowDrawList()->AddImage(ImTextureRef(static_cast<ImTextureID>(texture)), at,
                                         ImVec2(at.x + size.x, at.y + size.y), ImVec2(0, 1),
                                         ImVec2(1, 0));
}

/// Where there is no OpenGL 3.3 (and in tests without a screen): the same picture, slower.
void RoutingSpacePanel::draw_without_gl(const AppState&, ImVec2 at, ImVec2 size) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto inside = [&](ImVec2 p, float r) {
        return p.x + r >= at.x && p.x - r <= at.x + size.x && p.y + r >= at.y &&
               p.y - r <= at.y + size.y;
    };
    for (const auto& line : picture_.lines)
        list->AddLine(on_screen(at, {line.x0, line.y0}), on_screen(at, {line.x1, line.y1}),
                      line.color1, line.width);
    for (const auto& point : picture_.points) {
        const ImVec2 p = on_screen(at, {point.x, point.y});
        const float r = point.size / 2;
        if (!inside(p, r)) continue;
        list->AddCircleFilled(p, r, point.color, r > 3 ? 0 : 6);
        if (point.outline >> 24) list->AddCircle(p, r, point.outline);
    }
}

void RoutingSpacePanel::handle_pointer(AppState& state, ImVec2 at, ImVec2) {
    const ImGuiIO& io = ImGui::GetIO();
    const viz::Vec2 pointer = {io.MousePos.x - at.x, io.MousePos.y - at.y};
    const bool over = ImGui::IsItemHovered();
    if (ImGui::IsItemActivated()) dragging_ = false;
    if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) {
        dragging_ = true;
        auto_fit_ = false;
        moving_since_ = -1;
        camera_.pan({io.MouseDelta.x, io.MouseDelta.y});
    }
    if (over && io.MouseWheel != 0) {
        auto_fit_ = false;
        moving_since_ = -1;
        camera_.zoom_at(pointer, std::pow(kWheelStep, io.MouseWheel));
    }
    hovered_ = over && !dragging_ ? picture_.grid.hit(camera_.to_world(pointer), camera_.zoom,
                                                      kSlack * state.pixel_scale)
                                  : -1;
    if (over && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        auto_fit_ = true;
        fit(state, true);
    } else if (ImGui::IsItemDeactivated() && !dragging_ && over &&
               io.MouseClickedLastCount[0] < 2) {
        if (hovered_ < 0) {
            if (!io.KeyShift) state.selection.clear();
        } else {
            const SpaceItem& item = picture_.items[static_cast<size_t>(hovered_)];
            if (!io.KeyShift) state.selection.probe_tokens.clear();
            if (item.expert)
                state.selection.pick_expert(item.index, io.KeyShift);
            else
                state.selection.pick_probe_token(item.index, io.KeyShift);
        }
    }
    if (!ImGui::IsItemActive()) dragging_ = false;
    if (over && hovered_ >= 0 && ImGui::IsMouseReleased(ImGuiMouseButton_Right)) {
        const SpaceItem& item = picture_.items[static_cast<size_t>(hovered_)];
        if (item.expert) {
            menu_expert_ = item.index;
            ImGui::OpenPopup("expert menu");
        }
    }
    expert_menu(state, "expert menu", state.selection.layer, menu_expert_);
}

void RoutingSpacePanel::handle_keys(AppState& state) {
    const bool here = ImGui::IsWindowFocused() || ImGui::IsItemHovered();
    if (!here || ImGui::GetIO().WantTextInput) return;
    if (ImGui::IsKeyChordPressed(ImGuiKey_F)) focus(state);
}

}  // namespace hopscope::app
