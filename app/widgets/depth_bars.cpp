#include "app/widgets/depth_bars.h"

#include <algorithm>
#include <numeric>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

void depth_bars(const AppState& state, std::span<const int64_t> pairs, float height,
                const std::string& why, std::span<const ImU32> colors) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, width = ImGui::GetContentRegionAvail().x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(width, height + 14 * s));
    tooltip(why);
    const int64_t all = std::accumulate(pairs.begin(), pairs.end(), int64_t{0});
    if (all <= 0) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float pitch = width / static_cast<float>(pairs.size());
    for (size_t i = 0; i < pairs.size(); ++i) {
        const float share = static_cast<float>(pairs[i]) / static_cast<float>(all);
        const float left = at.x + pitch * static_cast<float>(i), bottom = at.y + height;
        const ImVec2 right(left + pitch - 4 * s, bottom);
        list->AddLine(ImVec2(left, bottom), right, packed(theme.border), s);
        if (share > 0)
            list->AddRectFilled(ImVec2(left, at.y + height * (1 - share)), right,
                                i < colors.size() ? colors[i] : packed(theme.amber), 2);
        const std::string name =
            std::to_string(i + 1) + (i == 0 ? " hop " : " hops ") + percent(share, 0);
        list->AddText(state.fonts.text, kSmallSize * s, ImVec2(left, bottom), packed(theme.dim),
                      name.c_str());
    }
}

}  // namespace hopscope::app
