#include "app/panels/curves/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/widgets/format.h"

namespace hopscope::app {

Range x_range(const std::vector<Series>& series) {
    Range range{0, 1};
    bool any = false;
    for (const auto& s : series) {
        if (s.xs.empty()) continue;
        range.low = any ? std::min(range.low, s.xs.front()) : s.xs.front();
        range.high = any ? std::max(range.high, s.xs.back()) : s.xs.back();
        any = true;
    }
    range.high = std::max(range.high, range.low + 1);
    return range;
}

Range y_range(const std::vector<Series>& series, Range x, bool logarithmic) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const auto& s : series) {
        const size_t n = std::min(s.xs.size(), s.ys.size());
        const auto xs = s.xs.first(n);
        const auto from = std::lower_bound(xs.begin(), xs.end(), x.low) - xs.begin();
        const auto to = std::upper_bound(xs.begin(), xs.end(), x.high) - xs.begin();
        for (auto i = from; i < to; ++i) {
            const double v = s.ys[static_cast<size_t>(i)];
            if (!std::isfinite(v) || (logarithmic && v <= 0)) continue;
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    if (low > high) return {logarithmic ? 0.1 : 0.0, 1.0};
    if (logarithmic) {
        const double wider = std::max(1.02, std::pow(high / low, 0.04));
        return {low / wider, high * wider};
    }
    const double margin = high > low ? (high - low) * 0.06 : std::max(std::fabs(high) * 0.1, 1e-9);
    // A quantity that is never negative does not get a negative axis.
    return {low >= 0 ? std::max(0.0, low - margin) : low - margin, high + margin};
}

double linear_part(const std::vector<Series>& series, Range x) {
    const Range y = y_range(series, x, false);
    const double largest = std::max(std::fabs(y.low), std::fabs(y.high));
    return std::pow(10.0, std::floor(std::log10(std::max(largest, 1e-12))) - 2);
}

std::vector<Gap> gaps_in(const Series& series, Range x) {
    std::vector<Gap> out;
    const size_t n = std::min(series.xs.size(), series.ys.size());
    const auto missing = [&](size_t i) { return !std::isfinite(series.ys[i]); };
    const auto begin = series.xs.begin();
    auto i = static_cast<size_t>(std::lower_bound(begin, begin + static_cast<int64_t>(n), x.low) -
                                 begin);
    while (i > 0 && i < n && missing(i) && missing(i - 1)) --i;
    for (; i < n && series.xs[i] <= x.high; ++i) {
        if (!missing(i)) continue;
        const size_t first = i;
        while (i + 1 < n && missing(i + 1)) ++i;
        if (first > 0 && i + 1 < n) out.push_back({series.xs[first], series.xs[i], i - first + 1});
    }
    return out;
}

std::string in_words(const Gap& gap, XAxis axis) {
    const std::string from = place_in_words(axis, gap.from);
    return gap.values == 1 ? std::string("no value at ") + name_of(axis) + " " + from
                           : std::string("no value from ") + name_of(axis) + " " + from + " to " +
                                 place_in_words(axis, gap.to);
}

std::string place_in_words(XAxis axis, double x) {
    return is_time(axis) ? duration(x) : plain(x);
}

std::vector<float> stacked(const std::vector<float>& wanted, float height, Range room) {
    std::vector<float> tops;
    float next = static_cast<float>(room.low);
    for (const float top : wanted) {
        tops.push_back(std::max(top, next));
        next = tops.back() + height;
    }
    float below = static_cast<float>(room.high);
    for (size_t i = tops.size(); i > 0; --i) {
        tops[i - 1] = std::min(tops[i - 1], below - height);
        below = tops[i - 1];
    }
    return tops;
}

}  // namespace hopscope::app
