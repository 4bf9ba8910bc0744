#include "core/stats/crossings.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/stats/descriptive.h"

namespace hopscope::core::stats {
namespace {

struct Curve {
    std::vector<double> x, y;
};

Curve clean(Numbers x, Numbers y) {
    if (x.size() != y.size()) throw std::invalid_argument("crossings: lengths of x and y differ");
    std::vector<size_t> good;
    for (size_t i = 0; i < x.size(); ++i)
        if (std::isfinite(x[i]) && std::isfinite(y[i])) good.push_back(i);
    std::stable_sort(good.begin(), good.end(), [&](size_t i, size_t j) { return x[i] < x[j]; });
    Curve out;
    for (const size_t i : good) {
        out.x.push_back(x[i]);
        out.y.push_back(y[i]);
    }
    return out;
}

/// A smoothed value and the share of the noise's variance in it.
struct Smooth {
    double value = kNaN, variance = kNaN;
};

Smooth between_points(const Curve& c, double at) {
    const auto above = std::lower_bound(c.x.begin(), c.x.end(), at);
    if (above == c.x.end() || (above == c.x.begin() && *above != at)) return {};
    const auto i = static_cast<size_t>(above - c.x.begin());
    if (*above == at) return {c.y[i], 0};
    const double part = (at - c.x[i - 1]) / (c.x[i] - c.x[i - 1]);
    return {c.y[i - 1] + part * (c.y[i] - c.y[i - 1]), 0};
}

Smooth local_line(const Curve& c, double at, double bandwidth) {
    const auto first =
        static_cast<size_t>(std::lower_bound(c.x.begin(), c.x.end(), at - bandwidth) - c.x.begin());
    double s0 = 0, s1 = 0, s2 = 0;
    const auto weight = [&](size_t i) {
        const double u = (c.x[i] - at) / bandwidth;
        return std::max(0.0, 1 - u * u);
    };
    size_t last = first;
    for (; last < c.x.size() && c.x[last] <= at + bandwidth; ++last) {
        const double w = weight(last), u = c.x[last] - at;
        s0 += w;
        s1 += w * u;
        s2 += w * u * u;
    }
    const double room = s0 * s2 - s1 * s1;
    if (!(room > 1e-12 * s0 * s0 * bandwidth * bandwidth)) return {};
    Smooth out{0, 0};
    for (size_t i = first; i < last; ++i) {
        const double share = weight(i) * (s2 - s1 * (c.x[i] - at)) / room;
        out.value += share * c.y[i];
        out.variance += share * share;
    }
    return out;
}

Smooth smooth(const Curve& c, double at, double bandwidth) {
    return bandwidth > 0 ? local_line(c, at, bandwidth) : between_points(c, at);
}

/// Noise of one point, from its distance to the line through its two neighbours.
double noise_of(const Curve& c) {
    std::vector<double> off;
    for (size_t i = 1; i + 1 < c.x.size(); ++i) {
        const double span = c.x[i + 1] - c.x[i - 1];
        const double part = span > 0 ? (c.x[i] - c.x[i - 1]) / span : 0.5;
        const double line = (1 - part) * c.y[i - 1] + part * c.y[i + 1];
        off.push_back(std::fabs(c.y[i] - line) /
                      std::sqrt(1 + part * part + (1 - part) * (1 - part)));
    }
    return off.empty() ? 0 : 1.4826 * median(off);
}

/// The difference of the smoothed curves at the places where both are known.
struct Difference {
    std::vector<double> x, value, error;
};

Difference difference_of(const Curve& a, const Curve& b, const Interval& range,
                         const CrossingOptions& options) {
    Difference out;
    const double na = noise_of(a), nb = noise_of(b);
    // Without smoothing the curves bend at their own points only.
    std::vector<double> at;
    if (options.bandwidth > 0) {
        const auto places = static_cast<size_t>(std::max<int64_t>(options.places, 2));
        for (size_t i = 0; i < places; ++i)
            at.push_back(range.low +
                         range.width() * static_cast<double>(i) / static_cast<double>(places - 1));
    } else {
        std::merge(a.x.begin(), a.x.end(), b.x.begin(), b.x.end(), std::back_inserter(at));
        std::erase_if(at, [&](double x) { return !range.contains(x); });
    }
    for (const double x : at) {
        const Smooth sa = smooth(a, x, options.bandwidth), sb = smooth(b, x, options.bandwidth);
        if (!std::isfinite(sa.value) || !std::isfinite(sb.value)) continue;
        out.x.push_back(x);
        out.value.push_back(sa.value - sb.value);
        out.error.push_back(std::sqrt(sa.variance * na * na + sb.variance * nb * nb));
    }
    return out;
}

/// How far from place `from` in direction `by` the difference stays inside its error band; `left`
/// tells whether it then left it before changing its sign again.
size_t band_end(const Difference& d, size_t from, int by, bool& left) {
    const bool negative = d.value[from] < 0;
    size_t i = from;
    while (true) {
        if ((d.value[i] < 0) != negative) {
            left = false;
            return i;
        }
        if (std::fabs(d.value[i]) > 1.96 * d.error[i]) {
            left = true;
            return i;
        }
        if (by < 0 ? i == 0 : i + 1 == d.x.size()) {
            left = false;
            return i;
        }
        i = by < 0 ? i - 1 : i + 1;
    }
}

}  // namespace

Crossings find_crossings(Numbers xa, Numbers ya, Numbers xb, Numbers yb,
                         const CrossingOptions& options) {
    const Curve a = clean(xa, ya), b = clean(xb, yb);
    Crossings out;
    out.n_a = static_cast<int64_t>(a.x.size());
    out.n_b = static_cast<int64_t>(b.x.size());
    if (a.x.empty() || b.x.empty()) return out;
    out.range = {std::max(a.x.front(), b.x.front()), std::min(a.x.back(), b.x.back())};
    if (!(out.range.width() > 0)) {
        out.range = {};
        return out;
    }
    const Difference d = difference_of(a, b, out.range, options);
    // A difference of exactly 0 belongs to neither side: the last side that was taken counts.
    size_t before = d.x.size();
    for (size_t i = 0; i < d.x.size(); ++i) {
        if (d.value[i] == 0) continue;
        if (before < d.x.size() && (d.value[before] < 0) != (d.value[i] < 0)) {
            const double part = d.value[before] / (d.value[before] - d.value[i]);
            Crossing crossing;
            crossing.x = d.x[before] + part * (d.x[i] - d.x[before]);
            crossing.a_below_after = d.value[i] < 0;
            bool left_before = false, left_after = false;
            const size_t low = band_end(d, before, -1, left_before);
            const size_t high = band_end(d, i, 1, left_after);
            crossing.ci95 = options.bandwidth > 0 ? Interval{d.x[low], d.x[high]}
                                                  : Interval{crossing.x, crossing.x};
            crossing.clear = left_before && left_after;
            out.crossings.push_back(crossing);
        }
        before = i;
    }
    return out;
}

}  // namespace hopscope::core::stats
