// The plain frame of small plots: no title and no menus, axes with units and numbers as the rest of
// the window writes them. Window thread only, inside an ImGui window.
#pragma once

#include <implot.h>
#include <vector>

namespace hopscope::app {

/// As ImPlot::BeginPlot, which ImPlot::EndPlot follows where this is true. The wheel zooms with
/// Ctrl alone.
bool begin_plain_plot(const char* id, ImVec2 size, const char* x, const char* y,
                      ImPlotFlags more = 0);

/// Values to write at a logarithmic axis from `low` to `high`, above 0: some of them whatever it
/// spans, where ImPlot writes powers of ten alone.
std::vector<double> log_ticks(double low, double high);

}  // namespace hopscope::app
