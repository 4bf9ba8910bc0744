#include "app/panels/curves/marks.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>
#include <implot.h>
#include <string>
#include <vector>

#include "app/panels/curves/ranges.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

void draw_marks(const AppState& state, std::span<const Mark> marks, int first_row) {
    const float s = state.pixel_scale;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    ImDrawList* list = ImPlot::GetPlotDrawList();
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float row = ImGui::GetTextLineHeight();
    const double bottom = ImPlot::GetPlotLimits().Y.Min;
    constexpr int kRows = 3;
    float free_from[kRows] = {-1e9f, -1e9f, -1e9f};
    for (const auto& mark : marks) {
        const float x = std::round(ImPlot::PlotToPixels(mark.x, bottom).x);
        if (x < at.x || x > at.x + size.x) continue;
        list->AddLine(ImVec2(x, at.y), ImVec2(x, at.y + size.y),
                      packed(faded(state.theme().amber, 0.85f)), 1.5f * s);
        const std::string text = shortened(mark.text, 34);
        const float width = ImGui::CalcTextSize(text.c_str()).x;
        const bool to_left = x + 6 * s + width > at.x + size.x;
        const float from = to_left ? x - 6 * s - width : x + 6 * s;
        for (int i = 0; i < kRows; ++i) {
            if (from < free_from[i]) continue;
            free_from[i] = from + width + 8 * s;
            list->AddText(ImVec2(from, at.y + 4 * s + static_cast<float>(first_row + i) * row),
                          packed(state.theme().amber_text), text.c_str());
            break;
        }
    }
    ImGui::PopFont();
}

void draw_crossings(const AppState& state, std::span<const Mark> crossings,
                    const CurveChoice& choice) {
    if (choice.quantity != Quantity::loss && choice.quantity != Quantity::perplexity) return;
    constexpr size_t kFew = 3, kRings = 12;
    const float s = state.pixel_scale;
    ImDrawList* list = ImPlot::GetPlotDrawList();
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    std::string under;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float right = ImPlot::GetPlotPos().x + ImPlot::GetPlotSize().x;
    std::vector<ImRect> named;
    // Right of its ring, or left of it where the plot ends; where another's name stands it is left
    // to the pointer.
    const auto name = [&](const std::string& text, ImVec2 at) {
        const ImVec2 size = ImGui::CalcTextSize(text.c_str());
        const bool to_left = at.x + 9 * s + size.x > right;
        const ImVec2 low(to_left ? at.x - 9 * s - size.x : at.x + 9 * s, at.y - 16 * s);
        const ImRect box(low, ImVec2(low.x + size.x, low.y + size.y));
        if (std::ranges::any_of(named, [&](const ImRect& other) { return other.Overlaps(box); }))
            return;
        named.push_back(box);
        list->AddText(low, packed(state.theme().amber_text), text.c_str());
    };
    for (const Mark& mark : crossings) {
        if (!std::isfinite(mark.loss)) continue;
        const bool loss = choice.quantity == Quantity::loss;
        const ImVec2 at = ImPlot::PlotToPixels(mark.x, loss ? mark.loss : std::exp(mark.loss));
        // Many of them as dots, so that the curves stay in sight.
        if (crossings.size() <= kRings)
            list->AddCircle(at, 6 * s, packed(state.theme().amber_text), 0, 1.6f * s);
        else
            list->AddCircleFilled(at, 2 * s, packed(faded(state.theme().amber_text, 0.7f)));
        if (std::hypot(mouse.x - at.x, mouse.y - at.y) < 9 * s)
            under += (under.empty() ? "" : "\n") + mark.text + " at " + name_of(choice.x) + " " +
                     place_in_words(choice.x, mark.x);
        else if (crossings.size() <= kFew)
            name(shortened(mark.text, 40), at);
    }
    ImGui::PopFont();
    if (!under.empty() && ImPlot::IsPlotHovered()) ImGui::SetTooltip("%s", under.c_str());
}

}  // namespace hopscope::app
