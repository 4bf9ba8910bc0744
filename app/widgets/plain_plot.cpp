#include "app/widgets/plain_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

int tick(double value, char* text, int size, void*) {
    return std::snprintf(text, static_cast<size_t>(size), "%s", plain(value).c_str());
}

}  // namespace

bool begin_plain_plot(const char* id, ImVec2 size, const char* x, const char* y, ImPlotFlags more) {
    constexpr ImPlotFlags kPlot = ImPlotFlags_NoTitle | ImPlotFlags_NoMouseText |
                                  ImPlotFlags_NoMenus | ImPlotFlags_NoBoxSelect;
    // These stand on pages that the wheel scrolls.
    ImPlot::GetInputMap().ZoomMod = ImGuiMod_Ctrl;
    // With Ctrl ImPlot would hear nothing else, so that the plot could be dragged away.
    ImPlot::GetInputMap().OverrideMod = ImGuiMod_None;
    const float height = size.y > 0 ? size.y : ImGui::GetContentRegionAvail().y + size.y;
    if (!ImPlot::BeginPlot(id, size, kPlot | more)) return false;
    // Beside it stand the numbers and the name of the axis below, and often a legend above.
    const float along = height - 5 * ImGui::GetTextLineHeight();
    ImPlot::SetupAxes(x, y ? fitted(y, along).c_str() : nullptr, ImPlotAxisFlags_NoHighlight,
                      ImPlotAxisFlags_NoHighlight);
    ImPlot::SetupAxisFormat(ImAxis_X1, tick);
    ImPlot::SetupAxisFormat(ImAxis_Y1, tick);
    return true;
}

std::vector<double> log_ticks(double low, double high) {
    constexpr size_t kFew = 3, kMany = 9;
    std::vector<double> out;
    if (!(low > 0) || !(high > low) || !std::isfinite(high)) return out;
    const auto first = static_cast<int>(std::floor(std::log10(low))),
               last = static_cast<int>(std::ceil(std::log10(high)));
    // Every so many decades, down to single digits of each.
    const int skip = std::max(1, (last - first) / static_cast<int>(kMany) + 1);
    const std::vector<double> parts[] = {{1}, {1, 2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    for (const std::vector<double>& part : parts) {
        out.clear();
        for (int decade = first; decade <= last; decade += skip)
            for (const double digit : part)
                if (const double at = digit * std::pow(10.0, decade); at >= low && at <= high)
                    out.push_back(at);
        if (out.size() >= kFew) return out;
    }
    // A small part of a decade: even steps.
    const double rough = (high - low) / 4, unit = std::pow(10.0, std::floor(std::log10(rough)));
    const double step = unit * (rough / unit < 2 ? 1 : rough / unit < 5 ? 2 : 5);
    out.clear();
    for (double i = std::ceil(low / step); i * step <= high; ++i) out.push_back(i * step);
    return out;
}

std::vector<double> symlog_ticks(double low, double high, double linear) {
    std::vector<double> out;
    if (!(linear > 0) || !(high > low) || !std::isfinite(low) || !std::isfinite(high)) return out;
    if (low < -linear) {
        out = log_ticks(std::max(linear, -high), -low);
        std::reverse(out.begin(), out.end());
        for (double& at : out) at = -at;
    }
    if (low <= 0 && high >= 0) out.push_back(0);
    if (high > linear)
        for (const double at : log_ticks(std::max(linear, low), high)) out.push_back(at);
    return out;
}

std::vector<double> time_ticks(double low, double high, size_t most) {
    constexpr double kDay = 86400;
    constexpr double kSteps[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, kDay};
    std::vector<double> out;
    const double rough = (high - low) / static_cast<double>(std::max<size_t>(most, 1));
    if (!(rough > 0) || !std::isfinite(rough)) return out;
    double step = 0;
    if (rough >= 1 && rough <= kDay) {
        step = *std::lower_bound(std::begin(kSteps), std::end(kSteps), rough);
    } else {
        const double part = rough < 1 ? rough : rough / kDay;
        const double unit = std::pow(10.0, std::floor(std::log10(part)));
        const double times = part / unit;
        step = unit * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
        if (rough > kDay) step *= kDay;
    }
    for (double i = std::ceil(low / step); i * step <= high; ++i) out.push_back(i * step);
    return out;
}

std::vector<double> fewer(const std::vector<double>& ticks, size_t most) {
    const size_t every = (ticks.size() + most - 1) / std::max<size_t>(most, 1);
    if (every < 2) return ticks;
    std::vector<double> out;
    for (size_t i = 0; i < ticks.size(); i += every) out.push_back(ticks[i]);
    return out;
}

}  // namespace hopscope::app
