// The lines of the curves panel as comma-separated text. Pure, any thread.
#pragma once

#include <span>
#include <string>

#include "app/panels/curves/view.h"

namespace hopscope::app {

/// Long form, a point a line: the series' name, x and y with their units in the first line. Raw
/// and smoothed lines are series of their own. "" without a point.
std::string csv_of(std::span<const Series> series, const CurveChoice& choice);

}  // namespace hopscope::app
