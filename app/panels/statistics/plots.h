// What the plots of the statistics panel have in common. Window thread only, inside an ImGui
// window.
#pragma once

#include <implot.h>
#include <string>
#include <vector>

#include "app/panels/statistics/matrix.h"
#include "viz/sampled.h"

namespace hopscope::app {

/// A plain plot that fills the area; ImPlot::EndPlot follows where this is true.
bool begin_area_plot(const char* id, const Area& area, const char* x, const char* y,
                     ImPlotFlags more = 0);
/// What the colours mean, above the plot: bars of any height have no free corner.
void legend_above();
/// A level line from x `low` to `high`.
void flat_line(const char* name, double low, double high, double y, const ImVec4& color,
               float weight);
/// Intervals around points, where they are known; without a place in the legend.
void whiskers(const AppState& state, const char* name, const std::vector<double>& xs,
              const std::vector<double>& ys, const std::vector<viz::Interval>& ci95);
/// Between begin_area_plot() and the first line: the layers of a model as the horizontal axis, each
/// by its number.
void layer_axis(const AppState& state, size_t layers);

}  // namespace hopscope::app
