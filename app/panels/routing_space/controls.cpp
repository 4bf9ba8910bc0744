#include "app/panels/routing_space/controls.h"

#include <algorithm>
#include <imgui.h>
#include <string>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

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

bool SpaceControls::draw(AppState& state) {
    const float s = state.pixel_scale;
    const auto& layers = state.geometry->layers;
    const auto& g = layers[static_cast<size_t>(
        std::clamp<int64_t>(state.selection.layer, 0, static_cast<int64_t>(layers.size()) - 1))];
    draw_layer_and_hop(state, g);
    flow(140 * s);
    draw_color_and_trail(state);
    flow(70 * s);
    ImGui::Checkbox("tokens", &tokens);
    tooltip("Show the tokens of the probe sample beside the centroids");
    flow(50 * s);
    const bool fit = ImGui::Button("Fit");
    tooltip("Show everything (double click)");
    flow(60 * s);
    const bool has_space = g.d_space > 0 && !g.centroids.empty();
    if (button(state, "Refit", has_space ? nullptr : "this layer has no space",
               "Fit the principal axes to the present snapshot, turned as near to the old ones as "
               "they can be (Procrustes), and freeze them. The colours of places change with it."))
        state.places.refit(*state.geometry, state.selection.layer);
    return fit;
}

void SpaceControls::draw_layer_and_hop(AppState& state, const core::LayerGeometry& g) {
    const float s = state.pixel_scale;
    const auto& layers = state.geometry->layers;
    auto& selection = state.selection;
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
}

void SpaceControls::draw_color_and_trail(const AppState& state) {
    const float s = state.pixel_scale;
    control_label(state, "colour");
    ImGui::SetNextItemWidth(80 * s);
    if (ImGui::BeginCombo("##colour", name_of(color))) {
        for (const auto c :
             {SpaceColor::place, SpaceColor::load, SpaceColor::token_class, SpaceColor::hop})
            if (ImGui::Selectable(name_of(c), c == color)) color = c;
        ImGui::EndCombo();
    }
    tooltip(
        "place: from the first three axes, the same colour in every panel. load: of an expert, "
        "times uniform. class: label of the synthetic text. hop: of a token's position");
    flow(190 * s);
    control_label(state, "tail");
    ImGui::SetNextItemWidth(84 * s);
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
