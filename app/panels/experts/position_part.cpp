#include "app/panels/experts/position_part.h"

#include <algorithm>
#include <cmath>

#include "app/panels/experts/words_line.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kMostTimes = 2;  ///< at the top of a bar; 1 is half of it

std::string interval_of(const QuarterUse& use) {
    return rounded(use.low, 2) + "\xE2\x80\x93" + rounded(use.high, 2);
}

}  // namespace

const char* quarter_name(int quarter) {
    constexpr const char* kNames[kQuarters] = {"first quarter", "second quarter", "third quarter",
                                               "last quarter"};
    return kNames[std::clamp(quarter, 0, static_cast<int>(kQuarters) - 1)];
}

std::string position_help(const PositionUse& use) {
    if (use.of == 0) return "No token of the sample chooses it";
    if (!use.known()) return {};
    const QuarterUse& peak = use.peak();
    return with_thousands(peak.tokens) + " of " + with_thousands(use.of) + " tokens stand in the " +
           quarter_name(use.most) + " of their sequence: " + rounded(peak.share, 2) +
           ", 95 % interval " + interval_of(peak) + " (Wilson), " + rounded(peak.times, 2) +
           " \xC3\x97 the share of that quarter in the sample, " + rounded(peak.times_low, 2) +
           " to " + rounded(peak.times_high, 2) +
           ". It is the largest of four, so that some lie above 1 by chance; neighbouring tokens "
           "are not independent.";
}

void position_bars(const AppState& state, const PositionUse& use, ImVec2 low, ImVec2 size) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale, gap = s, bottom = low.y + size.y;
    const float width = (size.x - 3 * gap) / static_cast<float>(kQuarters);
    const float even = std::floor(bottom - size.y / static_cast<float>(kMostTimes));
    for (size_t q = 0; q < kQuarters; ++q) {
        const double times = use.quarters[q].times;
        if (std::isnan(times)) continue;
        const auto height = size.y * static_cast<float>(std::min(times, kMostTimes) / kMostTimes);
        const float x = low.x + static_cast<float>(q) * (width + gap);
        const bool most = static_cast<int>(q) == use.most && use.enriched();
        list->AddRectFilled(ImVec2(x, bottom - std::max(height, s)), ImVec2(x + width, bottom),
                            packed(faded(state.theme().text, most ? 0.8f : 0.45f)));
    }
    list->AddLine(ImVec2(low.x, even), ImVec2(low.x + size.x, even), packed(state.theme().border),
                  s);
}

void draw_position_lines(const AppState& state, const PositionUse& use, ImU32 ink) {
    const float s = state.pixel_scale;
    double most = 0;
    for (const QuarterUse& quarter : use.quarters)
        if (quarter.share > most) most = quarter.share;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float left = ImGui::CalcTextSize("4/4 ").x;
    const float right = ImGui::CalcTextSize("00,000 0.00 (0.00-0.00) 0.00x").x;
    for (size_t q = 0; q < kQuarters; ++q) {
        const QuarterUse& quarter = use.quarters[q];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
        ImGui::TextColored(state.theme().dim, "%d/4", static_cast<int>(q) + 1);
        const bool all = width - left - right > 0;  // else the interval is left to the tooltip
        const std::string text = with_thousands(quarter.tokens) + " " + rounded(quarter.share, 2) +
                                 (all ? " (" + interval_of(quarter) + ")" : std::string()) + " " +
                                 rounded(quarter.times, 2) + "\xC3\x97";
        const float taken = ImGui::CalcTextSize(text.c_str()).x;
        const float bar = width - left - (all ? right : taken) - 8 * s;
        if (bar > 10 * s && most > 0 && !std::isnan(quarter.share))
            share_bar(state, ImVec2(at.x + left, std::floor(at.y + line / 2 - 2.5f * s)),
                      ImVec2(bar, 5 * s), quarter.share / most, ink);
        const bool stands_out = quarter.times_low > 1 || quarter.times_high < 1;
        ImGui::GetWindowDrawList()->AddText(
            ImVec2(at.x + width - taken, at.y),
            packed(stands_out ? state.theme().text : state.theme().dim), text.c_str());
    }
    ImGui::PopFont();
}

}  // namespace hopscope::app
