#include "app/panels/routing_space/legend.h"

#include <algorithm>
#include <cmath>

#include "app/panels/routing_space/labels.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "viz/colour.h"

namespace hopscope::app {

namespace {

Tone tone_of(const AppState& state) {
    return {state.theme().dark, state.settings.colours};
}

constexpr size_t kCategoriesShown = 24;

float legend_line(const AppState& state) {
    return (kSmallSize + 4) * state.pixel_scale;
}

std::string count_text(const viz::QuantityValues& v) {
    return "n = " + with_thousands(v.n);
}

/// One line of small text on a veil. → where the next may begin.
ImVec2 draw_line(const AppState& state, ImVec2 p, const std::string& text) {
    const float size = kSmallSize * state.pixel_scale;
    const ImVec2 extent = text_extent(state.fonts.text, size, text);
    draw_veil(state, p, ImVec2(p.x + extent.x, p.y + extent.y));
    text_at(ImGui::GetWindowDrawList(), state.fonts.text, size, p, packed(state.theme().dim), text);
    return ImVec2(p.x, p.y + legend_line(state));
}

ImVec2 draw_ramp(const AppState& state, const viz::Quantity& quantity,
                 const viz::QuantityValues& values, ImVec2 p) {
    const float s = state.pixel_scale, size = kSmallSize * s, width = 120 * s, height = 8 * s;
    const ImU32 dim = packed(state.theme().dim);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string low = rounded(values.low, 2), high = rounded(values.high, 2);
    const std::string most = high + " " + quantity.unit() + ", " + count_text(values);
    const float high_width = text_extent(state.fonts.text, size, high).x;
    const ImVec2 end(p.x + width - high_width, p.y + height + 2 * s);
    draw_veil(state, p,
              ImVec2(std::max(p.x + width, end.x + text_extent(state.fonts.text, size, most).x),
                     end.y + size));
    for (int i = 0; i < 60; ++i) {
        const viz::Rgb c = value_color((float(i) + 0.5f) / 60.0f, tone_of(state));
        list->AddRectFilled(ImVec2(p.x + width * float(i) / 60, p.y),
                            ImVec2(p.x + width * float(i + 1) / 60, p.y + height), viz::packed(c));
    }
    text_at(list, state.fonts.text, size, ImVec2(p.x, end.y), dim, low);
    text_at(list, state.fonts.text, size, end, dim, most);
    return ImVec2(p.x, end.y + legend_line(state) + 2 * s);
}

}  // namespace

void SpaceLegend::draw(AppState& state, const SpaceView& view, const SpaceLook& look, ImVec2 at,
                       float room) {
    const float s = state.pixel_scale;
    ImVec2 p(at.x + 2 * s, at.y + 6 * s);
    if (look.color && !view.values.color)
        p = draw_line(state, p, std::string("computing the ") + look.color->name());
    const std::string lacks =
        look.color && state.geometry
            ? look.color->lacks(*state.geometry, static_cast<size_t>(view.layer))
            : std::string();
    if (!lacks.empty()) {
        p = draw_line(state, p,
                      std::string("no ") + look.color->name() +
                          (state.is_imported() ? "" : " in the snapshot of this step"));
    } else if (look.color && view.values.color) {
        const viz::QuantityValues& values = *view.values.color;
        switch (look.color->kind()) {
            case viz::QuantityKind::scalar:
                p = draw_ramp(state, *look.color, values, p);
                break;
            case viz::QuantityKind::ordered:
            case viz::QuantityKind::classes:
                p = draw_categories(state, values, look.color->kind() == viz::QuantityKind::classes,
                                    p);
                break;
            case viz::QuantityKind::experts:
                p = draw_line(state, p,
                              "colour of the first expert's place, " + count_text(values));
                break;
        }
    }
    const auto assigned = [&](const char* what, const viz::Quantity* quantity,
                              const SharedValues& values) {
        if (!quantity || !values || quantity == look.color || values->n == 0) return;
        const std::string text = std::string(what) + ": " + quantity->name() + " " +
                                 rounded(values->low, 2) + " \xE2\x80\xA6 " +
                                 rounded(values->high, 2) + " " + quantity->unit() + ", " +
                                 count_text(*values);
        if (text_extent(state.fonts.text, kSmallSize * s, text).x <= room)
            p = draw_line(state, p, text);
    };
    assigned("size", look.size, view.values.size);
    assigned("opacity", look.alpha, view.values.alpha);
}

/// Each entry of a class is a button that hides or shows it.
ImVec2 SpaceLegend::draw_categories(AppState& state, const viz::QuantityValues& values,
                                    bool classes, ImVec2 p) {
    const float s = state.pixel_scale, size = kSmallSize * s, line = legend_line(state);
    const ImU32 dim = packed(state.theme().dim), text = packed(state.theme().text);
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (values.categories.empty())
        return draw_line(state, p, "no classes: only the synthetic text has labels");
    const size_t shown = std::min(values.categories.size(), kCategoriesShown);
    float widest = 0, counts = 0;
    for (size_t i = 0; i < shown; ++i) {
        widest = std::max(widest, text_extent(state.fonts.text, size, values.categories[i]).x);
        counts = std::max(counts,
                          text_extent(state.fonts.mono, size, with_thousands(values.counts[i])).x);
    }
    const float right = p.x + 14 * s + widest + 10 * s + counts;
    draw_veil(state, p, ImVec2(right, p.y + line * static_cast<float>(shown)));
    const auto of_all = static_cast<int64_t>(values.categories.size());
    for (size_t i = 0; i < shown; ++i) {
        const std::string& name = values.categories[i];
        const auto found = std::find(hidden_.begin(), hidden_.end(), name);
        const bool hidden = classes && found != hidden_.end();
        if (classes) {
            ImGui::SetCursorScreenPos(p);
            ImGui::PushID(static_cast<int>(i));
            if (ImGui::InvisibleButton("class", ImVec2(right - p.x, line))) {
                if (hidden)
                    hidden_.erase(found);
                else
                    hidden_.push_back(name);
                state.keep_drawing();
            }
            tooltip(hidden ? "Click shows this class" : "Click hides this class");
            ImGui::PopID();
        }
        const Tone tone = tone_of(state);
        const ClassMark mark = classes
                                   ? class_mark(i, tone.dark)
                                   : ClassMark{hop_color(static_cast<int64_t>(i), of_all, tone)};
        draw_glyph(ImVec2(p.x + 5 * s, p.y + line / 2), 4 * s,
                   viz::packed(mark.color, hidden ? 0.3f : 1.0f), mark.glyph);
        text_at(list, state.fonts.text, size, ImVec2(p.x + 14 * s, p.y + 2 * s),
                hidden ? dim : text, name);
        const std::string count = with_thousands(values.counts[i]);
        text_at(list, state.fonts.mono, size,
                ImVec2(right - text_extent(state.fonts.mono, size, count).x, p.y + 2 * s), dim,
                count);
        p.y += line;
    }
    return draw_line(state, ImVec2(p.x, p.y + 2 * s), count_text(values) + " positions");
}

}  // namespace hopscope::app
