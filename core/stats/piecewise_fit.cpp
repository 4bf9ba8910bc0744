#include "core/stats/piecewise_fit.h"

#include <algorithm>
#include <cmath>

#include "core/stats/descriptive.h"

namespace hopscope::core::stats {
namespace {

/// The row of the design matrix at `x`.
void design(double x, const std::vector<Knot>& knots, bool lines, std::vector<double>& row) {
    row.clear();
    row.push_back(1);
    if (lines) row.push_back(x);
    for (const Knot& knot : knots) {
        const bool after = x > knot.x;
        if (lines) row.push_back(after ? x - knot.x : 0);
        if (!lines || knot.jump) row.push_back(after ? 1 : 0);
    }
}

/// Cholesky factor in the lower triangle of a [k, k]; false where it is not clearly positive.
bool factorise(std::vector<double>& a, size_t k) {
    for (size_t i = 0; i < k; ++i) {
        const double scale = a[i * k + i];
        for (size_t j = 0; j <= i; ++j) {
            double sum = a[i * k + j];
            for (size_t m = 0; m < j; ++m) sum -= a[i * k + m] * a[j * k + m];
            if (i != j) {
                a[i * k + j] = sum / a[j * k + j];
            } else {
                if (!(sum > 1e-11 * scale)) return false;
                a[i * k + i] = std::sqrt(sum);
            }
        }
    }
    return true;
}

void solve(const std::vector<double>& factor, size_t k, std::vector<double>& b) {
    for (size_t i = 0; i < k; ++i) {
        for (size_t m = 0; m < i; ++m) b[i] -= factor[i * k + m] * b[m];
        b[i] /= factor[i * k + i];
    }
    for (size_t i = k; i-- > 0;) {
        for (size_t m = i + 1; m < k; ++m) b[i] -= factor[m * k + i] * b[m];
        b[i] /= factor[i * k + i];
    }
}

}  // namespace

BinnedCurve bin_curve(Numbers x, Numbers y, int64_t bins, Numbers near) {
    BinnedCurve out;
    std::vector<size_t> good;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
        if (std::isfinite(x[i]) && std::isfinite(y[i])) good.push_back(i);
    if (good.empty() || bins < 1) return out;
    std::stable_sort(good.begin(), good.end(), [&](size_t i, size_t j) { return x[i] < x[j]; });
    const double first = x[good.front()],
                 width = (x[good.back()] - first) / static_cast<double>(bins);
    const auto bin_of = [&](double at, int64_t of) {
        return width > 0 ? std::clamp<int64_t>(
                               static_cast<int64_t>((at - first) / width * static_cast<double>(of)),
                               0, bins * of - 1)
                         : 0;
    };
    constexpr int64_t kParts = 16;
    std::vector<char> cut(static_cast<size_t>(bins), 0);
    for (const double place : near)
        for (const int64_t step : {-1, 0, 1})
            cut[static_cast<size_t>(std::clamp<int64_t>(bin_of(place, 1) + step, 0, bins - 1))] = 1;
    int64_t current = -1;
    for (const size_t i : good) {
        const int64_t bin = bin_of(x[i], 1);
        const int64_t place = cut[static_cast<size_t>(bin)] ? bin_of(x[i], kParts) : bin * kParts;
        if (place != current) {
            current = place;
            out.x.push_back(0);
            out.y.push_back(0);
            out.weight.push_back(0);
        }
        out.x.back() += x[i];
        out.y.back() += y[i];
        out.weight.back() += 1;
    }
    for (size_t i = 0; i < out.size(); ++i) {
        out.x[i] /= out.weight[i];
        out.y[i] /= out.weight[i];
    }
    return out;
}

double noise_of(const BinnedCurve& curve, size_t distance) {
    std::vector<double> off;
    for (size_t i = distance; i + distance < curve.size(); ++i) {
        const size_t before = i - distance, after = i + distance;
        const double part = (curve.x[i] - curve.x[before]) / (curve.x[after] - curve.x[before]);
        const double between = (1 - part) * curve.y[before] + part * curve.y[after];
        const double variance = 1 / curve.weight[i] +
                                (1 - part) * (1 - part) / curve.weight[before] +
                                part * part / curve.weight[after];
        off.push_back(std::fabs(curve.y[i] - between) / std::sqrt(variance));
    }
    // The median withstands changes but is coarse: it only says what to leave out of the mean
    // square. A normal variable cut at 3 standard deviations has 0.97334 of its variance.
    const double cut = 3 * 1.4826 * median(off);
    double squares = 0, count = 0;
    for (const double r : off) {
        if (r > cut) continue;
        squares += r * r;
        count += 1;
    }
    return std::sqrt(squares / count / 0.97334);
}

PiecewiseFit fit_pieces(const BinnedCurve& curve, const std::vector<Knot>& knots, bool lines) {
    PiecewiseFit out;
    std::vector<double> row;
    design(curve.x.front(), knots, lines, row);
    const size_t k = row.size();
    std::vector<double> normal(k * k, 0.0), right(k, 0.0);
    for (size_t i = 0; i < curve.size(); ++i) {
        design(curve.x[i], knots, lines, row);
        for (size_t p = 0; p < k; ++p) {
            if (row[p] == 0) continue;
            const double scaled = curve.weight[i] * row[p];
            right[p] += scaled * curve.y[i];
            for (size_t q = 0; q <= p; ++q) normal[p * k + q] += scaled * row[q];
        }
    }
    if (!factorise(normal, k)) {
        out.squares = std::numeric_limits<double>::infinity();
        return out;
    }
    solve(normal, k, right);
    out.coefficients = right;
    out.squares = 0;
    for (size_t i = 0; i < curve.size(); ++i) {
        design(curve.x[i], knots, lines, row);
        double fit = 0;
        for (size_t p = 0; p < k; ++p) fit += row[p] * right[p];
        out.squares += curve.weight[i] * (curve.y[i] - fit) * (curve.y[i] - fit);
    }
    out.covariance.assign(k * k, 0.0);
    std::vector<double> unit(k);
    for (size_t p = 0; p < k; ++p) {
        std::fill(unit.begin(), unit.end(), 0.0);
        unit[p] = 1;
        solve(normal, k, unit);
        std::copy(unit.begin(), unit.end(), out.covariance.begin() + static_cast<int64_t>(p * k));
    }
    return out;
}

}  // namespace hopscope::core::stats
