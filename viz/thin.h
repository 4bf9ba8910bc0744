// Reduces a long curve to what a plot of a given width can show without losing an extreme or
// hiding a missing value. Pure functions, any thread; the caller owns all arrays.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hopscope::viz {

/// How x is spread over the pixel columns.
enum class AxisScale { linear, log10 };

inline constexpr size_t kPointsShown = 32;  ///< under this many values in view, draw them as dots

/// A polyline ready to draw. A NaN in `ys` interrupts the line.
struct Thinned {
    std::vector<double> xs, ys;  ///< [m], in the order of the input
    std::vector<double> gap_xs;  ///< x of the first missing value of each column that has one
    bool show_points = false;    ///< fewer than kPointsShown values in view: mark each of them
    size_t values_in_view = 0;   ///< finite values with x0 ≤ x ≤ x1
};

/// Lowest and highest value of each of `columns` pixel columns between x0 and x1, in the order in
/// which they occur, so that no extreme is lost; where at most two values fall on a column all
/// values are kept. One value on either side of the view is kept, so that the line runs out of the
/// picture. NaN and infinite values are gaps, never merged with their neighbours.
/// `xs` [n] must not fall, `ys` [n] or longer/shorter (the shorter length counts). An empty view
/// (x1 ≤ x0, columns < 1, or a log axis without positive x1) yields nothing.
Thinned thin_min_max(std::span<const double> xs, std::span<const double> ys, double x0, double x1,
                     int columns, AxisScale scale = AxisScale::linear);

}  // namespace hopscope::viz
