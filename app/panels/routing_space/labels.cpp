#include "app/panels/routing_space/labels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hopscope::app {

void draw_veil(const AppState& state, ImVec2 low, ImVec2 high) {
    const float pad = 3 * state.pixel_scale;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(low.x - pad, low.y - pad),
                                              ImVec2(high.x + pad, high.y + pad),
                                              packed(faded(state.theme().panel, 0.82f)), 2 * pad);
}

void text_at(ImDrawList* list, ImFont* font, float size, ImVec2 at, ImU32 color,
             const std::string& text) {
    list->AddText(font, size, at, color, text.c_str());
}

ImVec2 text_extent(ImFont* font, float size, const std::string& text) {
    return font->CalcTextSizeA(size, 1e9f, 0, text.c_str());
}

void draw_label(const AppState& state, ImVec2 at, const std::string& text, ImU32 color) {
    const float s = state.pixel_scale, size = kSmallSize * s;
    const ImVec2 extent = text_extent(state.fonts.text, size, text);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(ImVec2(at.x, at.y - extent.y / 2 - 3 * s),
                        ImVec2(at.x + extent.x + 10 * s, at.y + extent.y / 2 + 3 * s),
                        packed(faded(state.theme().raised, 0.88f)), 3 * s);
    text_at(list, state.fonts.text, size, ImVec2(at.x + 5 * s, at.y - extent.y / 2), color, text);
}

void draw_glyph(ImVec2 middle, float radius, ImU32 color, viz::Glyph glyph) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    switch (glyph) {
        case viz::Glyph::disc:
            return list->AddCircleFilled(middle, radius, color, radius > 3 ? 0 : 6);
        case viz::Glyph::ring:
            return list->AddCircle(middle, radius * 0.8f, color, 0, radius * 0.45f);
        case viz::Glyph::square:
            return list->AddRectFilled(ImVec2(middle.x - radius, middle.y - radius),
                                       ImVec2(middle.x + radius, middle.y + radius), color);
        case viz::Glyph::diamond:
            return list->AddNgonFilled(middle, radius * std::numbers::sqrt2_v<float>, color, 4);
    }
}

std::vector<ImVec2> kept_apart(const std::vector<Box>& boxes) {
    constexpr int kRings = 10, kDirections = 16;
    std::vector<ImVec2> out;
    for (const Box& box : boxes) {
        const auto is_free = [&](ImVec2 at) {
            for (size_t i = 0; i < out.size(); ++i)
                if (std::fabs(at.x - out[i].x) < (box.size.x + boxes[i].size.x) / 2 &&
                    std::fabs(at.y - out[i].y) < (box.size.y + boxes[i].size.y) / 2)
                    return false;
            return true;
        };
        ImVec2 chosen = box.middle;
        const float step = std::min(box.size.x, box.size.y) / 2;
        for (int ring = 0; ring <= kRings; ++ring) {
            const int directions = ring == 0 ? 1 : kDirections;
            int d = 0;
            for (; d < directions; ++d) {
                const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(d) /
                                    static_cast<float>(kDirections);
                const float way = step * static_cast<float>(ring);
                chosen = ImVec2(box.middle.x + way * std::cos(angle),
                                box.middle.y - way * std::sin(angle));
                if (is_free(chosen)) break;
            }
            if (d < directions) break;
            chosen = box.middle;
        }
        out.push_back(chosen);
    }
    return out;
}

}  // namespace hopscope::app
