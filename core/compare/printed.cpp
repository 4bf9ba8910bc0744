#include "core/compare/printed.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

using stats::Interval;

std::string rounded(double x, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, x);
    return text;
}

/// Rounding noise of our own must not decide at the end of a range.
constexpr double kSlack = 1e-9;

PrintedCheck judge(double computed, Interval possible, const Printed& printed,
                   const std::string& what) {
    PrintedCheck out;
    out.computed = computed;
    out.possible = possible;
    const Interval there = printed.range();
    const double slack = kSlack * std::max(1.0, std::fabs(printed.value));
    if (there.low - slack <= computed && computed <= there.high + slack)
        out.follows = Follows::yes;
    else if (possible.low <= there.high + slack && possible.high >= there.low - slack)
        out.follows = Follows::within_rounding;
    if (!std::isfinite(computed)) {
        out.text = what + " has nothing to divide by; only unrounded values can tell";
        return out;
    }
    const int more = printed.decimals + 1;
    out.text = what + " is " + rounded(computed, more) + " (" + rounded(possible.low, more) +
               " … " + rounded(possible.high, more) + " before rounding), printed " +
               rounded(printed.value, printed.decimals);
    return out;
}

/// Ends of a quotient of positive ranges; a denominator that may be 0 leaves it open.
Interval quotient(const Interval& a, const Interval& b) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (b.low <= 0) return {-kInfinity, kInfinity};
    const double ends[] = {a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high};
    return {*std::min_element(ends, ends + 4), *std::max_element(ends, ends + 4)};
}

}  // namespace

Printed::Printed(const std::string& text) {
    size_t read = 0;
    try {
        value = std::stod(text, &read);
    } catch (const std::exception&) {
        read = 0;
    }
    if (read == 0 || read != text.size() || !std::isfinite(value))
        throw std::invalid_argument("not a printed number: " + text);
    const size_t point = text.find('.');
    decimals = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
}

Printed::Printed(const char* text) : Printed(std::string(text)) {}

Interval Printed::range() const {
    const double half = 0.5 * std::pow(10.0, -decimals);
    return {value - half, value + half};
}

PrintedCheck check_percent(const Printed& from, const Printed& to, const Printed& percent) {
    const auto scale = [](double ratio) { return 100 * (ratio - 1); };
    const Interval ratio = quotient(to.range(), from.range());
    return judge(scale(to.value / from.value), {scale(ratio.low), scale(ratio.high)}, percent,
                 "the change from " + rounded(from.value, from.decimals) + " to " +
                     rounded(to.value, to.decimals) + " in percent");
}

PrintedCheck check_ratio(const Printed& numerator, const Printed& denominator,
                         const Printed& ratio) {
    return judge(numerator.value / denominator.value,
                 quotient(numerator.range(), denominator.range()), ratio,
                 rounded(numerator.value, numerator.decimals) + " / " +
                     rounded(denominator.value, denominator.decimals));
}

PrintedCheck check_difference(const Printed& a, const Printed& b, const Printed& difference) {
    const Interval x = a.range(), y = b.range();
    return judge(a.value - b.value, {x.low - y.high, x.high - y.low}, difference,
                 rounded(a.value, a.decimals) + " - " + rounded(b.value, b.decimals));
}

PrintedCheck check_saving(const Printed& mean_hops, int hops, const Printed& percent) {
    if (hops < 1) throw std::invalid_argument("check_saving: no hops");
    const auto saving = [&](double mean) { return 100 * (1 - mean / hops); };
    const Interval range = mean_hops.range();
    return judge(saving(mean_hops.value), {saving(range.high), saving(range.low)}, percent,
                 "the saving of " + rounded(mean_hops.value, mean_hops.decimals) + " of " +
                     std::to_string(hops) + " hops in percent");
}

PrintedCheck check_std(const std::vector<Printed>& values, const Printed& std) {
    std::vector<double> exact;
    for (const Printed& v : values) exact.push_back(v.value);
    const double computed = stats::sample_std(exact);
    // A value moved by half a unit moves the root mean square by at most √(n / (n − 1)) of it.
    double half = 0;
    for (const Printed& v : values) half = std::max(half, v.range().width() / 2);
    const auto n = static_cast<double>(values.size());
    const double reach = half * std::sqrt(n / (n - 1));
    return judge(computed, {std::max(0.0, computed - reach), computed + reach}, std,
                 "the standard deviation of " + std::to_string(values.size()) + " values");
}

PrintedWithin check_interval(const Printed& low, const Printed& high, double margin) {
    PrintedWithin out = PrintedWithin::inside;
    for (const Interval& end : {low.range(), high.range()}) {
        if (end.low > margin + kSlack || end.high < -margin - kSlack) return PrintedWithin::outside;
        // The whole range of roundings must fit.
        if (end.high > margin + kSlack || end.low < -margin - kSlack) out = PrintedWithin::touching;
    }
    return out;
}

}  // namespace hopscope::core
