// Points with intervals as the sections of the panel Coupling draw them: those of the run filled,
// those of what it is held against hollow, chance a level line or a hollow mark. Window thread
// only, inside an ImPlot plot.
#pragma once

#include <string>
#include <vector>

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// What a series of points stands for, and so how it looks.
enum class PointRole : uint8_t { own, beside, chance };

struct PointSeries {
    std::vector<double> x, y, below, above;  ///< distances to the interval's ends; 0 without
    void add(double at, const CouplingNumber& measured);
    void add(double at, double value) { add(at, CouplingNumber{value, kUnknown, kUnknown, 0}); }
    /// Widens a range to what is drawn.
    void widen(double& low, double& high) const;
};
void plot_points(const AppState& state, const std::string& name, const PointSeries& points,
                 PointRole role);
/// A level line over the whole plot.
void plot_level(const AppState& state, const std::string& name, double y);
/// Sets the vertical axis to a range with some room, for good.
void fix_range(double low, double high);
/// A legend above the plot.
void legend_on_top();

}  // namespace hopscope::app
