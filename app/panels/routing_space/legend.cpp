#include "app/panels/routing_space/legend.h"

#include <algorithm>

#include "app/panels/routing_space/labels.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "viz/colour.h"

namespace hopscope::app {

namespace {

constexpr size_t kClassesShown = 24;

void draw_load(const AppState& state, const SpaceView& view, ImVec2 p) {
    const float s = state.pixel_scale, size = kSmallSize * s, width = 120 * s, height = 8 * s;
    const ImU32 dim = packed(state.theme().dim);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string most = rounded(view.load_max, 2) + " \xC3\x97 uniform load";
    const float most_width = text_extent(state.fonts.text, size, most).x;
    const ImVec2 end(p.x + width - 20 * s, p.y + height + 2 * s);
    draw_veil(state, p, ImVec2(end.x + most_width, end.y + size));
    for (int i = 0; i < 60; ++i) {
        const viz::Rgb c = load_color((float(i) + 0.5f) / 60.0f, state.theme().dark);
        list->AddRectFilled(ImVec2(p.x + width * float(i) / 60, p.y),
                            ImVec2(p.x + width * float(i + 1) / 60, p.y + height), viz::packed(c));
    }
    text_at(list, state.fonts.text, size, ImVec2(p.x, end.y), dim, "0");
    text_at(list, state.fonts.text, size, end, dim, most);
}

void draw_hops_of_layer(const AppState& state, ImVec2 p) {
    const float s = state.pixel_scale, size = kSmallSize * s, line = size + 4 * s;
    const auto& g = state.geometry->layers[static_cast<size_t>(state.selection.layer)];
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_veil(state, p, ImVec2(p.x + 60 * s, p.y + line * static_cast<float>(g.hops)));
    for (int64_t h = 0; h < g.hops; ++h) {
        list->AddCircleFilled(ImVec2(p.x + 5 * s, p.y + line / 2), 4 * s,
                              viz::packed(hop_color(h, g.hops, state.theme().dark)));
        text_at(list, state.fonts.text, size, ImVec2(p.x + 14 * s, p.y), packed(state.theme().text),
                "hop " + std::to_string(h));
        p.y += line;
    }
}

}  // namespace

void SpaceLegend::draw(AppState& state, const SpaceView& view, SpaceColor color_by, ImVec2 at) {
    const float s = state.pixel_scale;
    const ImVec2 p(at.x + 2 * s, at.y + 6 * s);
    if (color_by == SpaceColor::load) draw_load(state, view, p);
    if (color_by == SpaceColor::hop) draw_hops_of_layer(state, p);
    if (color_by == SpaceColor::token_class) draw_classes(state, view, p);
}

/// Each entry is a button that hides or shows its class.
void SpaceLegend::draw_classes(AppState& state, const SpaceView& view, ImVec2 p) {
    const float s = state.pixel_scale, size = kSmallSize * s, line = size + 4 * s;
    const ImU32 dim = packed(state.theme().dim), text = packed(state.theme().text);
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (view.classes.empty()) {
        text_at(list, state.fonts.text, size, p, dim,
                "no classes: only the synthetic text has labels");
        return;
    }
    const size_t shown = std::min(view.classes.size(), kClassesShown);
    float widest = 0;
    for (size_t i = 0; i < shown; ++i)
        widest = std::max(widest, text_extent(state.fonts.text, size, view.classes[i]).x);
    draw_veil(state, p, ImVec2(p.x + widest + 14 * s, p.y + line * static_cast<float>(shown)));
    for (size_t i = 0; i < shown; ++i) {
        const std::string& name = view.classes[i];
        const auto found = std::find(hidden_.begin(), hidden_.end(), name);
        const bool hidden = found != hidden_.end();
        ImGui::SetCursorScreenPos(p);
        ImGui::PushID(static_cast<int>(i));
        const float width = text_extent(state.fonts.text, size, name).x + 20 * s;
        if (ImGui::InvisibleButton("class", ImVec2(width, line))) {
            if (hidden)
                hidden_.erase(found);
            else
                hidden_.push_back(name);
            state.keep_drawing();
        }
        tooltip(hidden ? "Click shows this class" : "Click hides this class");
        ImGui::PopID();
        const ClassMark mark = class_mark(i, state.theme().dark);
        draw_glyph(ImVec2(p.x + 5 * s, p.y + line / 2), 4 * s,
                   viz::packed(mark.color, hidden ? 0.3f : 1.0f), mark.glyph);
        text_at(list, state.fonts.text, size, ImVec2(p.x + 14 * s, p.y + 2 * s),
                hidden ? dim : text, name);
        p.y += line;
    }
}

}  // namespace hopscope::app
