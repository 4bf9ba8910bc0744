#include "app/panels/routing_space/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/panels/routing_space/names.h"
#include "app/panels/routing_space/overlay.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kSlack = 5.0f;  ///< pixels beside a glyph that still count as on it
constexpr float kWheelStep = 1.18f;

}  // namespace

std::unique_ptr<Panel> make_routing_space_panel() {
    return std::make_unique<RoutingSpacePanel>();
}

ImVec2 RoutingSpacePanel::screen_of_expert(int64_t expert) const {
    const size_t i = static_cast<size_t>(3 * expert);
    if (expert < 0 || i + 1 >= view_.coords.size()) return {-1, -1};
    return camera_.on_screen({view_.coords[i], view_.coords[i + 1]});
}

std::string RoutingSpacePanel::detail(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    const auto& selection = state.selection;
    const std::string hop =
        selection.hop == kAllHops ? "all hops" : "hop " + std::to_string(selection.hop);
    return "layer " + std::to_string(selection.layer) + "   " + hop + "   2-D";
}

std::vector<ActionItem> RoutingSpacePanel::actions(AppState& state) {
    ActionItem item;
    item.id = "routing_space.focus";
    item.title = "Focus on the selection";
    item.help = "Brings the selected experts and tokens near in the routing space.";
    item.keys = kFocusKeys;
    item.by_pointer = true;
    item.why_not = [&state] { return state.selection.empty() ? "Nothing is selected." : ""; };
    item.run = [this, &state] { camera_.focus(state, view_, paths_); };
    ActionItem names;
    names.id = "routing_space.names";
    names.title = "Names of experts in the routing space";
    names.help =
        "Shows or hides the words of the experts of most load: those they write where a dictionary "
        "was read, else those they are chosen for.";
    names.keys = "N";
    names.by_pointer = true;
    names.why_not = [&state] { return no_run(state); };
    names.run = [this] { names_ = !names_; };
    return {std::move(item), std::move(names)};
}

std::string RoutingSpacePanel::space_problem(const AppState& state) const {
    if (!state.geometry) return without_snapshot(state);
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
        made_ = {};
        view_ = {};
        paths_.clear();
        paths_from_ = {};
        camera_.forget();
        points_.changed();
        legend_.show_all();
    }
    if (!state.session || !state.geometry) return;
    const auto& snapshot = *state.geometry;
    follow_layers(state);
    state.update_places();
    state.experts.update(state);  // names of the centroids

    Made wanted;
    wanted.session = session_;
    wanted.snapshot = snapshot.version;
    wanted.archive = state.archive.version();
    wanted.places = state.places.version();
    wanted.trail = controls_.trail;
    wanted.options.layer = state.selection.layer;
    wanted.options.hop = state.selection.hop;
    wanted.options.color = controls_.color;
    wanted.options.dark = state.theme().dark;
    wanted.options.tokens = controls_.tokens;
    wanted.options.scale = state.pixel_scale;
    wanted.options.background = packed(state.theme().panel);
    wanted.options.guide = packed(state.theme().border);
    wanted.options.hidden_classes = legend_.hidden();
    const auto hits = state.experts.hits(state.selection.layer, ImGui::GetFrameCount());
    wanted.options.hits.assign(hits.begin(), hits.end());
    if (!(wanted == made_)) {
        view_ = space_view(state.archive.until(state.geometry), state.places,
                           static_cast<size_t>(controls_.trail), wanted.options);
        made_ = wanted;
        points_.changed();
        hovered_ = -1;
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
    if (state.geometry && state.geometry->layers.size() > 0) {
        if (controls_.draw(state)) camera_.fit(state, view_, true);
    }
    if (std::string why = state.lacks(core::Need::centroids); !why.empty()) {
        why += " Only routers that compare tokens with centroids have a space to draw.";
        empty_state(state, "No space in this run", why.c_str());
        return;
    }
    if (const std::string problem = space_problem(state); !problem.empty()) {
        empty_state(state, problem.c_str(),
                    state.geometry
                        ? "This snapshot holds no centroids there. Choose another layer above."
                        : "The centroids of the experts and the tokens of a fixed sample appear "
                          "here, in one space, as soon as the run publishes its geometry.");
        return;
    }
    const ImVec2 size = ImGui::GetContentRegionAvail();
    if (size.x < 60 || size.y < 60) return;
    draw_space(state, size);
}

void RoutingSpacePanel::draw_space(AppState& state, ImVec2 size) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    camera_.update(state, view_, at, size);

    ImGui::SetNextItemAllowOverlap();  // the legend's entries lie over it
    ImGui::InvisibleButton("picture", size);
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    handle_pointer(state);

    const SpaceScene scene = {state, view_, paths_, camera_, hovered_};
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), true);
    points_.draw(state, view_, camera_);
    if (names_ && paths_.empty()) draw_names(scene);
    draw_selected(scene);
    draw_paths(scene);
    draw_captions(scene, controls_.color);
    list->PopClipRect();
    legend_.draw(state, view_, controls_.color, at);
    draw_tooltip(scene);
}

void RoutingSpacePanel::handle_pointer(AppState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    const bool over = ImGui::IsItemHovered();
    if (ImGui::IsItemActivated()) dragging_ = false;
    if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) {
        dragging_ = true;
        camera_.pan(io.MouseDelta);
    }
    if (over && io.MouseWheel != 0)
        camera_.zoom_at(io.MousePos, std::pow(kWheelStep, io.MouseWheel));
    hovered_ = over && !dragging_
                   ? view_.grid.hit(camera_.to_world(io.MousePos), camera_.camera().zoom,
                                    kSlack * state.pixel_scale)
                   : -1;
    if (over && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        camera_.fit(state, view_, true);
        // Its first click fell beside every point and cleared what was selected.
        if (cleared_) state.selection.restore(*std::exchange(cleared_, {}));
    } else if (ImGui::IsItemDeactivated() && !dragging_ && over &&
               io.MouseClickedLastCount[0] < 2) {
        cleared_.reset();
        if (hovered_ < 0) {
            if (!io.KeyShift) {
                cleared_ = state.selection;
                state.selection.clear();
            }
        } else {
            const SpaceItem& item = view_.items[static_cast<size_t>(hovered_)];
            if (!io.KeyShift) state.selection.probe_tokens.clear();
            if (item.expert)
                state.selection.pick_expert(item.index, io.KeyShift);
            else
                state.selection.pick_probe_token(item.index, io.KeyShift);
        }
    }
    if (!ImGui::IsItemActive()) dragging_ = false;
    if (over && hovered_ >= 0 && ImGui::IsMouseReleased(ImGuiMouseButton_Right)) {
        const SpaceItem& item = view_.items[static_cast<size_t>(hovered_)];
        if (item.expert) {
            menu_expert_ = item.index;
            ImGui::OpenPopup("expert menu");
        }
    }
    expert_menu(state, "expert menu", state.selection.layer, menu_expert_);
}

}  // namespace hopscope::app
