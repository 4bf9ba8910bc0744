// The lines of the curves panel as comma-separated text. Pure, any thread.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>

#include "app/panels/curves/ranges.h"
#include "app/panels/curves/view.h"

namespace hopscope::app {

inline constexpr Range kEverywhere = {-std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::infinity()};

/// Long form, a point a line: the series' name, x and y with their units in the first line. Raw
/// and smoothed lines are series of their own. `within`: the part of the x axis that is written.
/// "" without a point there.
std::string csv_of(std::span<const Series> series, const CurveChoice& choice,
                   Range within = kEverywhere);
/// The first and the last x of these lines; nothing where there is none.
std::optional<Range> written_by_csv(std::span<const Series> series, Range within = kEverywhere);

}  // namespace hopscope::app
