#include "app/panels/routing_space/labels.h"

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

}  // namespace hopscope::app
