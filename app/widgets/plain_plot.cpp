#include "app/widgets/plain_plot.h"

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

}  // namespace hopscope::app
