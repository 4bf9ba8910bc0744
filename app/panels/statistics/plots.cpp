#include "app/panels/statistics/plots.h"

#include <algorithm>
#include <vector>

#include "app/widgets/plain_plot.h"

namespace hopscope::app {

bool begin_area_plot(const char* id, const Area& area, const char* x, const char* y,
                     ImPlotFlags more) {
    ImGui::SetCursorScreenPos(area.at);
    return begin_plain_plot(id, area.size, x, y, more);
}

void legend_above() {
    ImPlot::SetupLegend(ImPlotLocation_North,
                        ImPlotLegendFlags_NoMenus | ImPlotLegendFlags_NoButtons |
                            ImPlotLegendFlags_Outside | ImPlotLegendFlags_Horizontal);
}

void layer_axis(size_t layers) {
    const double right = std::max(0.5, static_cast<double>(layers) - 0.5);
    ImPlot::SetupAxisLimits(ImAxis_X1, -0.5, right, ImPlotCond_Always);
    std::vector<double> ticks;
    const size_t step = layers > 24 ? 4 : 1;
    for (size_t l = 0; l < std::max<size_t>(layers, 1); l += step)
        ticks.push_back(static_cast<double>(l));
    ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
}

void flat_line(const char* name, double low, double high, double y, const ImVec4& color,
               float weight) {
    const double xs[] = {low, high}, ys[] = {y, y};
    ImPlotSpec spec;
    spec.LineColor = color;
    spec.LineWeight = weight;
    ImPlot::PlotLine(name, xs, ys, 2, spec);
}

}  // namespace hopscope::app
