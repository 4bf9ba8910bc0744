#include "app/panels/coupling/plots.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/widgets/line_style.h"

namespace hopscope::app {

void PointSeries::add(double at, const CouplingNumber& measured) {
    if (!std::isfinite(measured.value)) return;
    const bool ends = std::isfinite(measured.low) && std::isfinite(measured.high);
    x.push_back(at);
    y.push_back(measured.value);
    below.push_back(ends ? measured.value - measured.low : 0);
    above.push_back(ends ? measured.high - measured.value : 0);
}

void PointSeries::widen(double& low, double& high) const {
    for (size_t i = 0; i < y.size(); ++i) {
        low = std::min(low, y[i] - below[i]);
        high = std::max(high, y[i] + above[i]);
    }
}

void plot_points(const AppState& state, const std::string& name, const PointSeries& points,
                 PointRole role) {
    if (points.x.empty()) return;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec4 color = role == PointRole::own      ? theme.accent
                         : role == PointRole::beside ? line_color(state, 1)
                                                     : theme.dim;
    const auto count = static_cast<int>(points.x.size());
    if (std::any_of(points.below.begin(), points.below.end(), [](double b) { return b > 0; })) {
        ImPlotSpec bars;
        bars.LineColor = faded(color, 0.7f);
        bars.LineWeight = 1.4f * s;
        bars.Flags = ImPlotItemFlags_NoLegend;
        ImPlot::PlotErrorBars(("##" + name).c_str(), points.x.data(), points.y.data(),
                              points.below.data(), points.above.data(), count, bars);
    }
    ImPlotSpec marks;
    marks.LineColor = marks.MarkerLineColor = color;
    marks.FillColor = marks.MarkerFillColor = role == PointRole::own ? color : theme.panel;
    marks.Marker = role == PointRole::own      ? ImPlotMarker_Circle
                   : role == PointRole::beside ? ImPlotMarker_Square
                                               : ImPlotMarker_Diamond;
    marks.MarkerSize = 4 * s;
    ImPlot::PlotScatter(name.c_str(), points.x.data(), points.y.data(), count, marks);
}

void plot_level(const AppState& state, const std::string& name, double y) {
    if (!std::isfinite(y)) return;
    ImPlotSpec line;
    line.LineColor = state.theme().dim;
    line.LineWeight = 1.2f * state.pixel_scale;
    line.Flags = ImPlotInfLinesFlags_Horizontal;
    ImPlot::PlotInfLines(name.c_str(), &y, 1, line);
}

void fix_range(double low, double high) {
    if (!(high > low)) {
        low -= 0.5;
        high += 0.5;
    }
    const double room = 0.08 * (high - low);
    ImPlot::SetupAxisLimits(ImAxis_Y1, low - room, high + room, ImPlotCond_Always);
}

void legend_on_top() {
    ImPlot::SetupLegend(ImPlotLocation_North,
                        ImPlotLegendFlags_NoMenus | ImPlotLegendFlags_NoButtons |
                            ImPlotLegendFlags_Outside | ImPlotLegendFlags_Horizontal);
}

}  // namespace hopscope::app
