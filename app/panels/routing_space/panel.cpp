#include "app/panels/routing_space/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>
#include <utility>

#include "app/panels/kept_view.h"
#include "app/panels/routing_space/csv.h"
#include "app/panels/routing_space/gizmo.h"
#include "app/panels/routing_space/names.h"
#include "app/panels/routing_space/overlay.h"
#include "app/panels/routing_space/sample_row.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kMostPaths = 200;  ///< of tokens whose way is drawn
constexpr float kGizmo = 34;        ///< radius

}  // namespace

std::unique_ptr<Panel> make_routing_space_panel() {
    return std::make_unique<RoutingSpacePanel>();
}

ImVec2 RoutingSpacePanel::screen_of_expert(int64_t expert) const {
    const size_t i = static_cast<size_t>(3 * expert);
    if (expert < 0 || i + 2 >= view().coords.size()) return {-1, -1};
    return camera_.on_screen(view().centroid(expert));
}

ImVec2 RoutingSpacePanel::screen_of_point(size_t point) const {
    if (point >= view().points.size()) return {-1, -1};
    const viz::Point& p = view().points[point];
    return camera_.on_screen({p.x, p.y, p.z});
}

std::string RoutingSpacePanel::detail(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    const auto& selection = state.selection;
    const std::string hop =
        selection.hop == kAllHops ? "all hops" : "hop " + std::to_string(selection.hop);
    return state.layer_name(selection.layer) + "   " + hop +
           (controls_.solid ? "   3-D" : "   2-D") +
           (state.sample.shown()
                ? "   " + with_thousands(std::ssize(state.geometry->token_ids)) + " tokens"
                : std::string());
}

Chosen RoutingSpacePanel::everything(const AppState& state) const {
    const auto layer = static_cast<size_t>(state.selection.layer);
    if (!state.geometry || layer >= state.geometry->layers.size()) return {};
    return everything_in(state.geometry->layers[layer], controls_.tokens);
}

std::string RoutingSpacePanel::csv(AppState& state) {
    return csv_later(state)();
}

/// Of the snapshot that the picture is of: the next one may have come by now.
std::function<std::string()> RoutingSpacePanel::csv_later(AppState&) {
    return [view = made_.shared(), snapshot = made_.snapshot()] {
        return snapshot ? csv_of(*view, *snapshot) : std::string();
    };
}

PanelView RoutingSpacePanel::saved_view() const {
    PanelView view = controls_.view();
    view["names"] = yes_or_no(names_);
    const CameraPlace place = camera_.place();
    view["camera"] = camera_in_words(place);
    view["turn"] = turn_in_words(place);
    // What waits for the panel to be seen is how it will be set.
    if (restored_)
        for (auto& [name, value] : view)
            if (const auto kept = restored_->find(name); kept != restored_->end())
                value = kept->second;
    return view;
}

/// Axes and camera belong to a run: they are taken once its first picture is made.
void RoutingSpacePanel::take_restored() {
    const PanelView view = *std::exchange(restored_, std::nullopt);
    controls_.restore(view);
    take_kept_flag(view, "names", names_);
    CameraPlace place = camera_.place();
    std::string words;
    take_kept_text(view, "camera", words);
    read_camera(words, place);
    take_kept_text(view, "turn", words);
    read_turn(words, place);
    camera_.set_place(place);
}

/// What the list "More" offers besides the looks of points.
ActionItem RoutingSpacePanel::refit_action(AppState& state) {
    ActionItem refit;
    refit.id = "routing_space.refit";
    refit.title = "Refit the axes of the routing space";
    refit.help = "Fits the principal axes to the present snapshot and freezes them.";
    refit.why_not = [&state]() -> std::string {
        const auto layer = static_cast<size_t>(state.selection.layer);
        if (!state.geometry || layer >= state.geometry->layers.size())
            return "No geometry is there yet.";
        const auto& g = state.geometry->layers[layer];
        return g.d_space > 0 && !g.centroids.empty() ? "" : "This layer has no space.";
    };
    refit.run = [&state] { state.places.refit(*state.geometry, state.selection.layer); };
    return refit;
}

std::vector<ActionItem> RoutingSpacePanel::actions(AppState& state) {
    ActionItem focus;
    focus.id = "routing_space.focus";
    focus.title = "Focus on the selection";
    focus.help = "Brings the selected experts and tokens near in the routing space.";
    focus.keys = kFocusKeys;
    focus.by_pointer = true;
    focus.why_not = [&state] { return state.selection.empty() ? "Nothing is selected." : ""; };
    focus.run = [this, &state] { camera_.focus(state, view(), paths_); };
    ActionItem names;
    names.id = "routing_space.names";
    names.title = "Names of experts in the routing space";
    names.help =
        "Shows or hides the words of the experts of most load: those they write where a dictionary "
        "was read, else those they are chosen for.";
    names.keys = "W";
    names.by_pointer = true;
    names.why_not = [&state] { return no_run(state); };
    names.run = [this] { names_ = !names_; };
    std::vector<ActionItem> items = {std::move(focus), std::move(names), refit_action(state)};
    for (ActionItem& item : selection_menu_actions(
             state, [this, &state] { return everything(state); }, neighbours_.shown, history_))
        items.push_back(std::move(item));
    selection_actions_ = items;
    for (ActionItem& item : sample_actions(state)) items.push_back(std::move(item));
    ActionItem drop;
    drop.id = "routing_space.drop_move";
    drop.title = "Drop the move of the centroid";
    drop.help = "Leaves the centroid where it is.";
    drop.keys = "Esc";
    drop.by_pointer = true;
    drop.listens = [this] { return move_.dragging() || move_.asking(); };
    drop.why_not = [this] {
        return move_.dragging() || move_.asking() ? "" : "No centroid is being moved.";
    };
    drop.run = [this] { move_.drop(); };
    items.push_back(std::move(drop));
    return items;
}

std::string RoutingSpacePanel::space_problem(const AppState& state) const {
    if (!state.geometry) return without_snapshot(state);
    const size_t layer = static_cast<size_t>(state.selection.layer);
    if (layer >= state.geometry->layers.size()) return "This run has no layers that route";
    const auto& g = state.geometry->layers[layer];
    if (g.experts == 0) return "Layer " + std::to_string(layer) + " has no experts";
    if (g.d_space == 0 || g.centroids.empty())
        return "The router of layer " + std::to_string(layer) + " has no space";
    return viz::axes_problem(controls_.axes, g);
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
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        made_.forget();
        paths_.clear();
        paths_from_ = {};
        camera_.forget();
        goes_to_.reset();
        points_.changed();
        quantities_.forget();
        controls_.axes = {};
        legend_.show_all();
        regions_.forget();
        move_.forget();
    }
    if (restored_ && state.session) take_restored();
    controls_.update_rows(state);
    if (!state.session || !state.geometry) return;
    follow_layers(state);
    state.update_places();
    state.experts.update(state);  // names of the centroids

    MadeView::From wanted;
    wanted.run = run_;
    wanted.snapshot = state.geometry;
    wanted.archive = state.archive.version();
    wanted.places = state.places.version();
    wanted.trail = controls_.trail;
    wanted.options.layer = state.selection.layer;
    wanted.options.hop = state.selection.hop;
    wanted.options.look = controls_.look;
    wanted.options.axes = controls_.axes;
    wanted.options.solid = controls_.solid;
    wanted.options.dark = state.theme().dark;
    wanted.options.map = state.settings.colours;
    wanted.options.tokens = controls_.tokens;
    wanted.options.scale = state.pixel_scale;
    wanted.options.background = packed(state.theme().panel);
    wanted.options.guide = packed(state.theme().border);
    wanted.options.hidden_classes = legend_.hidden();
    const auto hits = state.experts.hits(state.selection.layer, ImGui::GetFrameCount());
    wanted.options.hits.assign(hits.begin(), hits.end());
    wanted.options.hidden = &state.selection.hidden;
    wanted.options.hidden_version = state.selection.hidden_version;
    wanted.values = quantities_.values(state, controls_.look);
    if (made_.update(state, wanted)) {
        points_.changed();
        pointer_.changed();
        paths_from_ = {};
    }
    follow_token(state);
    history_.update(state);
    regions_.prepare(state, view(), controls_.regions);
    move_.update(view());
    find_tokens(state);
    make_paths(state);
}

void RoutingSpacePanel::find_tokens(const AppState& state) {
    search_.update({state.geometry, state.geometry->version, state.selection.layer},
                   state.selection.probe_tokens, [&state] { return sample_facts(state); });
    points_.set_hits(search_.hits());
}

/// Selects a token and lets it be drawn, whatever hid it; the camera goes there with the picture.
void RoutingSpacePanel::go_to_token(AppState& state, int64_t token) {
    const auto& classes = state.geometry->classes;
    controls_.tokens = true;
    state.selection.show_token(token);
    if (token < std::ssize(classes)) legend_.show(classes[static_cast<size_t>(token)]);
    state.selection.pick_all({{}, {token}}, false);
    goes_to_ = token;
    state.keep_drawing(2);
}

void RoutingSpacePanel::follow_token(AppState& state) {
    if (!goes_to_ || made_.working()) return;
    const int64_t token = *std::exchange(goes_to_, std::nullopt);
    for (size_t i = 0; i < view().items.size(); ++i)
        if (!view().items[i].expert && view().items[i].index == token)
            return camera_.show(state,
                                {view().points[i].x, view().points[i].y, view().points[i].z});
}

void RoutingSpacePanel::make_paths(const AppState& state) {
    const auto& selection = state.selection;
    const core::TraceResult* second =
        state.trace && state.second.open ? state.trace->second.get() : nullptr;
    const PathsFrom wanted = {state.geometry->version, state.trace ? state.trace->version : 0,
                              selection.version,
                              second ? std::optional(state.second.shift) : std::nullopt};
    if (wanted == paths_from_) return;
    paths_from_ = wanted;
    paths_.clear();
    if (!made_.of_what_is_shown(state)) return;
    if (state.trace && state.trace->error.empty())
        for (const int64_t token : selection.prompt_tokens) {
            auto path = prompt_path(*state.trace, token, selection.layer, view().basis);
            if (!path.at.empty()) paths_.push_back(std::move(path));
            if (!second) continue;
            // The token that stands below it.
            path = prompt_path(*second, token - state.second.shift, selection.layer, view().basis);
            path.label += " (second prompt)";
            if (!path.at.empty()) paths_.push_back(std::move(path));
        }
    for (const int64_t token : selection.probe_tokens) {
        if (paths_.size() >= kMostPaths) break;
        auto path = probe_path(*state.geometry, token, selection.layer, view().basis);
        if (!path.at.empty()) paths_.push_back(std::move(path));
    }
}

void RoutingSpacePanel::draw(AppState& state) {
    if (state.geometry && state.geometry->layers.size() > 0) {
        if (controls_.draw(state)) camera_.fit(state, view());
        flow(118 * state.pixel_scale + ImGui::CalcTextSize("50,000 of 50,000").x);
        const auto& chosen = state.selection.probe_tokens;
        if (const auto token =
                search_.draw(state, 112 * state.pixel_scale, chosen.empty() ? -1 : *chosen.begin()))
            go_to_token(state, *token);
    }
    if (std::string why = state.lacks(core::Need::centroids); !why.empty()) {
        why += " Only routers that compare tokens with centroids have a space to draw.";
        empty_state(state, "No space in this run", why.c_str());
        return;
    }
    if (const std::string problem = space_problem(state); !problem.empty()) {
        empty_state(state, problem.c_str(),
                    state.geometry
                        ? "Choose another layer or other axes above."
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
    camera_.update(state, view(), !made_.behind(), at, size);
    if (!made_.of_what_is_shown(state)) return draw_last(state, at, size);

    ImGui::SetNextItemAllowOverlap();  // the legend's entries lie over it
    ImGui::InvisibleButton("picture", size);
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    pointer_.update(state, view(), camera_, points_, move_);

    SpaceScene scene = {state, view(), paths_, camera_, pointer_.hovered(), controls_.regions};
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), true);
    points_.draw(state, view(), camera_);
    scene.every = points_.every();
    scene.making = made_.working() || points_.behind();
    state.own_cost.note_points(std::ssize(view().points));
    regions_.draw(camera_);
    draw_outline(scene);
    if (names_ && paths_.empty()) draw_names(scene);
    draw_selected(scene);
    draw_paths(scene);
    draw_captions(scene, made_.look());
    move_.draw_in_picture(state, view(), camera_);
    pointer_.draw(state);
    list->PopClipRect();
    legend_.draw(state, view(), made_.look(), at, size.x - 110 * state.pixel_scale);
    draw_corner(state, at, size);
    move_.draw_card(state, at, size);
    if (!move_.dragging()) draw_tooltip(scene);
}

/// A picture of other points stays until that of the present ones is made: nothing can be pointed
/// at in it.
void RoutingSpacePanel::draw_last(AppState& state, ImVec2 at, ImVec2 size) {
    ImGui::Dummy(size);
    pointer_.changed();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(at, ImVec2(at.x + size.x, at.y + size.y), true);
    points_.draw(state, view(), camera_);
    state.own_cost.note_points(std::ssize(view().points));
    draw_making(state, at, size);
    list->PopClipRect();
}

/// What lies over the right edge of the picture.
void RoutingSpacePanel::draw_corner(AppState& state, ImVec2 at, ImVec2 size) {
    const float s = state.pixel_scale;
    const ImVec2 corner(at.x + size.x, at.y + 4 * s);
    selection_menu_.draw(state, selection_actions_, corner);
    if (view().solid)
        draw_gizmo(state, view(), camera_,
                   ImVec2(corner.x - (kGizmo + 4) * s, at.y + size.y - (kGizmo + 48) * s),
                   kGizmo * s);
    // On the side where it does not cover the point it is about.
    const float wide = NeighbourList::width(state), below = ImGui::GetFrameHeight() + 6 * s;
    bool left = false;
    if (neighbours_.shown) {
        const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
        const auto where = position_of(g, only_selected(state.selection));
        const auto p = where.empty() ? std::vector<float>() : viz::project(view().basis, where);
        left =
            p.size() == viz::kAxes && camera_.on_screen({p[0], p[1], p[2]}).x > at.x + size.x / 2;
    }
    neighbours_.draw(state, ImVec2(left ? at.x : corner.x - wide, corner.y + below),
                     size.y - 140 * s);
}

}  // namespace hopscope::app
