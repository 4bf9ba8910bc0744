#include "app/widgets/marks.h"

#include <cmath>

#include "app/widgets/format.h"

namespace hopscope::app {

void swatch(ImU32 color, float scale) {
    const float height = ImGui::GetTextLineHeight(), side = 9 * scale;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(side, height));
    const float top = at.y + (height - side) / 2;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, top), ImVec2(at.x + side, top + side),
                                              color, 2 * scale);
    ImGui::SameLine(0, 6 * scale);
}

std::string percent(double share, int decimals) {
    return std::isnan(share) ? kNothing : rounded(100 * share, decimals) + " %";
}

}  // namespace hopscope::app
