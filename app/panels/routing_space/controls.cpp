#include "app/panels/routing_space/controls.h"

#include <algorithm>
#include <imgui.h>
#include <string>
#include <string_view>
#include <utility>

#include "app/panels/kept_view.h"
#include "app/panels/routing_space/rows_choice.h"
#include "app/panels/routing_space/sample_row.h"
#include "app/widgets/layer_choice.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

void control_label(const AppState& state, const char* text) {
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s", text);
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
}

constexpr viz::AxesKind kAxesKinds[] = {viz::AxesKind::principal, viz::AxesKind::centroids,
                                        viz::AxesKind::raw, viz::AxesKind::random};
constexpr RegionShow kRegionShows[] = {RegionShow::none, RegionShow::regions, RegionShow::margins};
constexpr int kMostTyped = 999999;  ///< of a seed, an expert or a dimension
constexpr const char *kByPlace = "place", *kEven = "even";

/// Whether its values can be shown by size or opacity.
bool has_size(const viz::Quantity& quantity) {
    return quantity.kind() == viz::QuantityKind::scalar ||
           quantity.kind() == viz::QuantityKind::ordered;
}

/// A quantity, or `none` for no quantity; grey where nothing of the shown layer has it. `numbers`:
/// of those that have sizes.
void quantity_combo(const AppState& state, const char* id, const char* none, bool numbers,
                    const viz::Quantity*& chosen) {
    if (!ImGui::BeginCombo(id, chosen ? chosen->name() : none)) return;
    if (ImGui::Selectable(none, chosen == nullptr)) chosen = nullptr;
    for (const viz::Quantity* q : viz::quantities()) {
        if ((numbers && !has_size(*q)) || (q->of_imported() && !state.is_imported())) continue;
        const std::string lacks =
            q->lacks(*state.geometry, static_cast<size_t>(state.selection.layer));
        ImGui::BeginDisabled(!lacks.empty());
        if (ImGui::Selectable(q->name(), q == chosen)) chosen = q;
        ImGui::EndDisabled();
        tooltip(lacks.empty() ? q->help() : lacks);
    }
    ImGui::EndCombo();
}

}  // namespace

void SpaceControls::update_rows(AppState& state) {
    if (!state.imported) {
        if (!restores_rows_) rows_.clear();
        return;
    }
    if (std::exchange(restores_rows_, false)) return ask_for_rows(state, rows_);
    rows_ = shown_rows(state);
}

PanelView SpaceControls::view() const {
    const auto name = [](const viz::Quantity* quantity, const char* none) {
        return std::string(quantity ? quantity->name() : none);
    };
    return {{"axes", viz::name_of(axes.kind)},       {"first", std::to_string(axes.first)},
            {"second", std::to_string(axes.second)}, {"seed", std::to_string(axes.seed)},
            {"colour", name(look.color, kByPlace)},  {"size", name(look.size, kEven)},
            {"opacity", name(look.alpha, kEven)},    {"dimensions", solid ? "3" : "2"},
            {"tail", std::to_string(trail)},         {"tokens", yes_or_no(tokens)},
            {"regions", name_of(regions)},           {"rows", rows_}};
}

void SpaceControls::restore(const PanelView& view) {
    if (const auto kept = view.find("rows"); kept != view.end() && !kept->second.empty()) {
        rows_ = kept->second;
        restores_rows_ = true;
    }
    take_kept(view, "axes", kAxesKinds, axes.kind,
              [](viz::AxesKind kind) { return std::string_view(viz::name_of(kind)); });
    take_kept_number(view, "first", 0, kMostTyped, axes.first);
    take_kept_number(view, "second", 0, kMostTyped, axes.second);
    take_kept_number(view, "seed", 0, kMostTyped, axes.seed);
    const auto quantity = [&](const char* key, const char* none, const viz::Quantity*& chosen) {
        const auto kept = view.find(key);
        if (kept == view.end()) return;
        if (kept->second == none) chosen = nullptr;
        const viz::Quantity* found = viz::find_quantity(kept->second);
        if (found && (&chosen == &look.color || has_size(*found))) chosen = found;
    };
    quantity("colour", kByPlace, look.color);
    quantity("size", kEven, look.size);
    quantity("opacity", kEven, look.alpha);
    if (const auto kept = view.find("dimensions"); kept != view.end()) solid = kept->second == "3";
    take_kept_number(view, "tail", 0, static_cast<int>(kLongestTail), trail);
    take_kept_flag(view, "tokens", tokens);
    take_kept(view, "regions", kRegionShows, regions,
              [](RegionShow show) { return std::string_view(name_of(show)); });
}

bool SpaceControls::draw(AppState& state) {
    const float s = state.pixel_scale;
    const auto& layers = state.geometry->layers;
    const auto& g = layers[static_cast<size_t>(
        std::clamp<int64_t>(state.selection.layer, 0, static_cast<int64_t>(layers.size()) - 1))];
    draw_layer_and_hop(state, g);
    // Where there is little room it belongs to the picture.
    const bool narrow = ImGui::GetContentRegionAvail().x < 380 * s;
    bool fit = false;
    if (!narrow) {
        flow(160 * s);
        fit = draw_picture_row(state, g);
    }
    flow(button_width("More"));
    return draw_more(state, g, narrow) || fit;
}

/// What of the space is shown and how; true when "Fit" was pressed.
bool SpaceControls::draw_picture_row(AppState& state, const core::LayerGeometry& g) {
    const float s = state.pixel_scale;
    if (state.imported) {
        draw_rows_choice(state);
        flow(140 * s);
    }
    draw_axes(state, g);
    flow(140 * s);
    draw_color(state);
    flow(140 * s);
    draw_trail(state);
    flow(76 * s);
    by_name(state, "tokens", "tokens beside the centroids");
    ImGui::Checkbox("tokens", &tokens);
    tooltip("Show the tokens of the probe sample beside the centroids");
    flow(84 * s);
    draw_dimensions(state);
    flow(40 * s);
    by_name(state, "Fit", "Fit", "Shows everything.");
    const bool fit = ImGui::Button("Fit");
    tooltip("Show everything (double click)");
    return fit;
}

void SpaceControls::draw_layer_and_hop(AppState& state, const core::LayerGeometry& g) {
    const float s = state.pixel_scale;
    const auto& layers = state.geometry->layers;
    auto& selection = state.selection;
    if (int64_t layer = selection.layer; layer_choice(state, std::ssize(layers), layer))
        selection.set_layer(layer);
    flow(110 * s);
    control_label(state, "hop");
    ImGui::SetNextItemWidth(62 * s);
    const std::string hop = selection.hop == kAllHops ? "all" : std::to_string(selection.hop);
    by_name(state, "##hop", "hop\xE2\x80\xA6");
    if (ImGui::BeginCombo("##hop", hop.c_str())) {
        if (ImGui::Selectable("all", selection.hop == kAllHops)) selection.set_hop(kAllHops);
        for (int64_t h = 0; h < g.hops; ++h)
            if (ImGui::Selectable(std::to_string(h).c_str(), selection.hop == h))
                selection.set_hop(h);
        ImGui::EndCombo();
    }
    tooltip("Token positions of one hop, or of all hops of the layer");
}

void SpaceControls::choose_axes(const AppState& state, const core::LayerGeometry& g,
                                viz::AxesKind kind) {
    axes.kind = kind;
    axes.first = 0;
    axes.second = 1;
    if (kind != viz::AxesKind::centroids) return;
    // The two that are selected, where two are.
    const auto& experts = state.selection.experts;
    if (experts.size() >= 2 && *std::next(experts.begin()) < g.experts) {
        axes.first = *experts.begin();
        axes.second = *std::next(experts.begin());
    }
}

void SpaceControls::draw_axes(const AppState& state, const core::LayerGeometry& g) {
    using viz::AxesKind;
    const float s = state.pixel_scale;
    control_label(state, "axes");
    ImGui::SetNextItemWidth(116 * s);
    by_name(state, "##axes", "axes\xE2\x80\xA6");
    if (ImGui::BeginCombo("##axes", viz::name_of(axes.kind))) {
        for (const AxesKind kind : kAxesKinds)
            if (ImGui::Selectable(viz::name_of(kind), kind == axes.kind))
                choose_axes(state, g, kind);
        ImGui::EndCombo();
    }
    tooltip(
        "principal: the frozen principal axes. two centroids: those selected, or E0 and E1; the "
        "first coordinate is the cosine to the first. raw dimensions: two of the routing space. "
        "random: directions by a seed, to see what any plane would show");
    const auto number = [&](const char* id, auto& value, int64_t last, const char* what) {
        ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
        ImGui::SetNextItemWidth(46 * s);
        int typed = static_cast<int>(value);
        if (ImGui::InputInt(id, &typed, 0))
            value = static_cast<std::remove_reference_t<decltype(value)>>(
                std::clamp<int64_t>(typed, 0, last));
        tooltip(what);
    };
    if (axes.kind == AxesKind::random)
        number("##seed", axes.seed, kMostTyped, "Seed of the directions");
    if (axes.kind != AxesKind::centroids && axes.kind != AxesKind::raw) return;
    const bool raw = axes.kind == AxesKind::raw;
    const int64_t last = std::max<int64_t>((raw ? g.d_space : g.experts) - 1, 0);
    number("##first", axes.first, last, raw ? "Dimension to the right" : "Expert of axis 1");
    number("##second", axes.second, last, raw ? "Dimension upwards" : "Expert of axis 2");
}

void SpaceControls::draw_color(const AppState& state) {
    control_label(state, "colour");
    ImGui::SetNextItemWidth(80 * state.pixel_scale);
    by_name(state, "##colour", "colour\xE2\x80\xA6");
    quantity_combo(state, "##colour", kByPlace, false, look.color);
    tooltip(
        "place: from the first three principal axes, the same colour in every panel. Others: "
        "from a quantity of the points");
}

void SpaceControls::draw_dimensions(const AppState& state) {
    if (button(state, "2-D", nullptr, "The plane of the first two axes", 0, !solid)) solid = false;
    ImGui::SameLine(0, 2 * state.pixel_scale);
    if (button(state, "3-D", nullptr,
               "All three axes, in parallel projection. Drag turns, the middle button moves, what "
               "lies behind fades",
               0, solid))
        solid = true;
}

bool SpaceControls::draw_more(AppState& state, const core::LayerGeometry& g, bool all) {
    const float s = state.pixel_scale;
    by_name(state, "More", "More\xE2\x80\xA6",
            "Size, opacity, regions, a larger sample, a new basis.");
    if (ImGui::Button("More")) ImGui::OpenPopup("more");
    tooltip("Size and opacity from a quantity, regions, a larger sample of tokens, a new basis");
    if (!ImGui::BeginPopup("more")) return false;
    const bool fit = all && draw_picture_row(state, g);
    const auto row = [&](const char* text) {
        control_label(state, text);
        ImGui::SameLine(72 * s);
        ImGui::SetNextItemWidth(110 * s);
    };
    row("size");
    quantity_combo(state, "##size", kEven, true, look.size);
    tooltip("What the area of a point shows");
    row("opacity");
    quantity_combo(state, "##opacity", kEven, true, look.alpha);
    tooltip("What the opacity of a point shows");
    row("regions");
    ImGui::BeginDisabled(solid);
    if (ImGui::BeginCombo("##regions", name_of(regions))) {
        for (const RegionShow show : kRegionShows)
            if (ImGui::Selectable(name_of(show), show == regions)) regions = show;
        ImGui::EndCombo();
    }
    ImGui::EndDisabled();
    tooltip(solid ? "Regions are a cut along the plane of two axes: switch to 2-D to see them."
                  : "regions: the nearest centroid by cosine at each point of this plane through "
                    "the mean of the centroids, a cut and no shadow, so that a token away from the "
                    "plane may be drawn over the region of another expert [def:plane_region]. "
                    "margins: the darker, the closer the second centroid is");
    row("sample");
    draw_sample_row(state);
    const bool has_space = g.d_space > 0 && !g.centroids.empty();
    if (button(state, "Refit", has_space ? nullptr : "this layer has no space",
               "Fit the principal axes to the present snapshot, turned as near to the old ones as "
               "they can be (Procrustes), and freeze them. The colours of places change with it."))
        state.places.refit(*state.geometry, state.selection.layer);
    ImGui::EndPopup();
    return fit;
}

void SpaceControls::draw_trail(const AppState& state) {
    const float s = state.pixel_scale;
    control_label(state, "tail");
    ImGui::SetNextItemWidth(60 * s);
    by_name(state, "##tail", "length of the tails");
    ImGui::SliderInt("##tail", &trail, 0, static_cast<int>(kLongestTail), "",
                     ImGuiSliderFlags_AlwaysClamp);
    tooltip("How many past snapshots the tails of the centroids reach back");
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    ImGui::AlignTextToFramePadding();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::Text("%2d", trail);
    ImGui::PopFont();
}

}  // namespace hopscope::app
