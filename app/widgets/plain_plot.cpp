#include "app/widgets/plain_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/widgets/format.h"

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
    if (!ImPlot::BeginPlot(id, size, kPlot | more)) return false;
    ImPlot::SetupAxes(x, y, ImPlotAxisFlags_NoHighlight, ImPlotAxisFlags_NoHighlight);
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

}  // namespace hopscope::app
