#include "app/widgets/token_row.h"

#include <imgui.h>

#include "app/widgets/fonts.h"
#include "app/widgets/piece_text.h"

namespace hopscope::app {

std::string token_row(const AppState& state, const std::string& piece, ImVec2 size, float label) {
    const float s = state.pixel_scale;
    const Theme& theme = state.theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::InvisibleButton("next", size);
    if (ImGui::IsItemHovered())
        list->AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y),
                            packed(faded(theme.raised, 0.7f)));
    std::string shown = displayable(piece_text(piece), state.fonts.text);
    const ImVec4 clip(at.x, at.y, at.x + label - 6 * s, at.y + size.y);
    list->AddText(state.fonts.text, kTextSize * s,
                  ImVec2(at.x, at.y + (size.y - kTextSize * s) / 2 - s), packed(theme.text),
                  shown.c_str(), nullptr, 0, &clip);
    return shown;
}

}  // namespace hopscope::app
