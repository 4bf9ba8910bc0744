// Weighted least squares of a curve that is level or straight between given places. Internal to
// core/stats/change_points; plain values, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// A change of the curve at x: of the level or the slope, and for slopes also a jump.
struct Knot {
    double x = 0;
    bool jump = false;
};

/// Averages of points in bins of x.
struct BinnedCurve {
    std::vector<double> x, y, weight;  ///< mean place, mean value, number of points
    size_t size() const { return x.size(); }
};
/// `bins` equal intervals of x, those around the places `near` (and their neighbours) cut into 16:
/// a bin with a change inside it lies on neither side.
BinnedCurve bin_curve(Numbers x, Numbers y, int64_t bins, Numbers near = {});
/// Noise of one point from how far each bin lies off the line through the bins `distance` away on
/// both sides, whatever a minority does.
double noise_of(const BinnedCurve& curve, size_t distance);

struct PiecewiseFit {
    double squares = kNaN;  ///< Σ weight · residual²; infinite where it is not determined
    std::vector<double> coefficients;  ///< 1, (x), then for each knot: (slope), (jump)
    std::vector<double> covariance;    ///< of them for noise 1, [k, k]
};
/// `lines`: slopes between knots, else levels. Knots rising.
PiecewiseFit fit_pieces(const BinnedCurve& curve, const std::vector<Knot>& knots, bool lines);

}  // namespace hopscope::core::stats
