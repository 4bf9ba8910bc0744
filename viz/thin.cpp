#include "viz/thin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hopscope::viz {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kNoPoint = std::numeric_limits<size_t>::max();

/// What one pixel column has to keep: indices into the curve.
struct Column {
    size_t low = kNoPoint, high = kNoPoint, gap = kNoPoint;

    void take(std::span<const double> ys, size_t i) {
        if (!std::isfinite(ys[i])) {
            if (gap == kNoPoint) gap = i;
            return;
        }
        if (low == kNoPoint || ys[i] < ys[low]) low = i;
        if (high == kNoPoint || ys[i] > ys[high]) high = i;
    }
};

void put(Thinned& out, std::span<const double> xs, std::span<const double> ys, size_t i) {
    out.xs.push_back(xs[i]);
    out.ys.push_back(std::isfinite(ys[i]) ? ys[i] : kGap);
}

void flush(Thinned& out, std::span<const double> xs, std::span<const double> ys, Column& column) {
    std::array<size_t, 3> kept = {column.low, column.high, column.gap};
    std::sort(kept.begin(), kept.end());
    size_t last = kNoPoint;
    for (const size_t i : kept) {
        if (i == kNoPoint || i == last) continue;
        put(out, xs, ys, i);
        last = i;
    }
    if (column.gap != kNoPoint) out.gap_xs.push_back(xs[column.gap]);
    column = {};
}

}  // namespace

Thinned thin_min_max(std::span<const double> xs, std::span<const double> ys, double x0, double x1,
                     int columns, AxisScale scale) {
    Thinned out;
    const size_t n = std::min(xs.size(), ys.size());
    xs = xs.first(n);
    const bool log = scale == AxisScale::log10;
    if (n == 0 || columns < 1 || !(x1 > x0) || (log && !(x1 > 0))) return out;
    // On a log axis values at x ≤ 0 have no place; the view then begins at the first positive x.
    const auto positive = log ? std::upper_bound(xs.begin(), xs.end(), 0.0) : xs.begin();
    if (positive == xs.end()) return out;
    if (log && !(x0 > 0)) x0 = *positive;
    const size_t begin = static_cast<size_t>(std::lower_bound(positive, xs.end(), x0) - xs.begin());
    const size_t end = static_cast<size_t>(std::upper_bound(positive, xs.end(), x1) - xs.begin());
    const size_t first = static_cast<size_t>(positive - xs.begin());

    const auto place = [&](double x) { return log ? std::log10(x) : x; };
    const double left = place(x0), width = place(x1) - place(x0);
    const auto column_of = [&](double x) {
        const double at = width > 0 ? (place(x) - left) / width * columns : 0.0;
        return std::clamp(static_cast<int>(at), 0, columns - 1);
    };

    for (size_t i = begin; i < end; ++i) out.values_in_view += std::isfinite(ys[i]) ? 1 : 0;
    out.show_points = out.values_in_view > 0 && out.values_in_view < kPointsShown;

    if (begin > first) put(out, xs, ys, begin - 1);
    if (end - begin <= 2 * static_cast<size_t>(columns)) {
        for (size_t i = begin; i < end; ++i) {
            put(out, xs, ys, i);
            if (!std::isfinite(ys[i]) && (i == begin || std::isfinite(ys[i - 1])))
                out.gap_xs.push_back(xs[i]);
        }
    } else {
        Column column;
        int present = column_of(xs[begin]);
        for (size_t i = begin; i < end; ++i) {
            const int c = column_of(xs[i]);
            if (c != present) flush(out, xs, ys, column);
            present = c;
            column.take(ys, i);
        }
        flush(out, xs, ys, column);
    }
    if (end < n) put(out, xs, ys, end);
    return out;
}

}  // namespace hopscope::viz
