#include "app/panels/statistics/plots.h"

#include <algorithm>
#include <cmath>

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

void layer_axis(const AppState& state, size_t layers) {
    const double right = std::max(0.5, static_cast<double>(layers) - 0.5);
    ImPlot::SetupAxisLimits(ImAxis_X1, -0.5, right, ImPlotCond_Always);
    std::vector<double> ticks;
    std::vector<std::string> names;
    const size_t step = layers > 24 ? 4 : 1;
    for (size_t l = 0; l < std::max<size_t>(layers, 1); l += step) {
        ticks.push_back(static_cast<double>(l));
        // Of two pools the number alone: names would run into each other.
        const std::string name = state.layer_number(static_cast<int64_t>(l));
        names.push_back(name.substr(0, name.find(' ')));
    }
    std::vector<const char*> labels;
    for (const std::string& name : names) labels.push_back(name.c_str());
    ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()), labels.data());
}

void whiskers(const AppState& state, const char* name, const std::vector<double>& xs,
              const std::vector<double>& ys, const std::vector<viz::Interval>& ci95) {
    std::vector<double> x, y, below, above;
    for (size_t i = 0; i < xs.size() && i < ci95.size(); ++i) {
        if (!std::isfinite(ys[i]) || !std::isfinite(ci95[i].low)) continue;
        x.push_back(xs[i]);
        y.push_back(ys[i]);
        below.push_back(ys[i] - ci95[i].low);
        above.push_back(ci95[i].high - ys[i]);
    }
    ImPlotSpec spec;
    spec.LineColor = state.theme().text;
    spec.LineWeight = 1.2f * state.pixel_scale;
    spec.Flags = ImPlotItemFlags_NoLegend;
    ImPlot::PlotErrorBars((std::string("##interval ") + name).c_str(), x.data(), y.data(),
                          below.data(), above.data(), static_cast<int>(x.size()), spec);
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
