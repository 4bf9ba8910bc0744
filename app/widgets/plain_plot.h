// The plain frame of small plots: no title and no menus, axes with units and numbers as the rest of
// the window writes them. Window thread only, inside an ImGui window.
#pragma once

#include <implot.h>
#include <vector>

namespace hopscope::app {

/// As ImPlot::BeginPlot, which ImPlot::EndPlot follows where this is true. The wheel zooms with
/// Ctrl alone; a name `y` that is longer than its axis is cut in its middle.
bool begin_plain_plot(const char* id, ImVec2 size, const char* x, const char* y,
                      ImPlotFlags more = 0);

/// Values to write at a logarithmic axis from `low` to `high`, above 0: some of them whatever it
/// spans, where ImPlot writes powers of ten alone.
std::vector<double> log_ticks(double low, double high);
/// The same at an axis that is logarithmic on either side of 0 and linear within ±`linear` of it.
std::vector<double> symlog_ticks(double low, double high, double linear);
/// Round times between two, in seconds, at most `most`: parts of a minute, an hour, a day.
std::vector<double> time_ticks(double low, double high, size_t most);
/// At most `most` of the values, evenly taken.
std::vector<double> fewer(const std::vector<double>& ticks, size_t most);

}  // namespace hopscope::app
