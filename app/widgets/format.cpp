#include "app/widgets/format.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

namespace hopscope::app {
namespace {

std::string grouped(const std::string& digits) {
    const size_t begin = !digits.empty() && digits[0] == '-' ? 1 : 0;
    const size_t dot = digits.find('.');
    const size_t end = dot == std::string::npos ? digits.size() : dot;
    std::string text;
    for (size_t i = 0; i < digits.size(); ++i) {
        if (i > begin && i < end && (end - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

constexpr const char* kEllipsis = "\xE2\x80\xA6";

/// Where each UTF-8 character begins.
std::vector<size_t> character_starts(const std::string& text) {
    std::vector<size_t> starts;
    for (size_t i = 0; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
    return starts;
}

template <class... Args>
std::string printed(const char* format, Args... args) {
    char text[64];
    std::snprintf(text, sizeof text, format, args...);
    return text;
}

}  // namespace

std::string with_thousands(int64_t value) {
    return grouped(std::to_string(value));
}

std::string with_thousands_in(const std::string& sentence) {
    const auto at_digit = [&](size_t i) {
        return i < sentence.size() && sentence[i] >= '0' && sentence[i] <= '9';
    };
    std::string out;
    for (size_t i = 0; i < sentence.size();) {
        size_t end = i;
        while (at_digit(end)) ++end;
        if (end == i) {
            out += sentence[i++];
            continue;
        }
        // Of "0.00125", "step_00001000" and "1x1200" nothing is a whole number.
        const char before = i == 0 ? ' ' : sentence[i - 1];
        const bool whole = before != '.' && before != '_' && before != ',' &&
                           !std::isalpha(static_cast<unsigned char>(before));
        const std::string digits = sentence.substr(i, end - i);
        out += whole ? grouped(digits) : digits;
        i = end;
    }
    return out;
}

std::string rounded(double value, int decimals) {
    if (std::isnan(value)) return kNothing;
    if (!std::isfinite(value) || std::fabs(value) >= 1e15) return printed("%.3g", value);
    return grouped(printed("%.*f", decimals, value));
}

std::string significant(double value, int digits) {
    if (std::isnan(value)) return kNothing;
    if (value == 0.0) return "0";
    const double size = std::fabs(value);
    if (!std::isfinite(value) || size >= 1e9) return printed("%.*g", digits, value);
    if (size < 1e-3) return printed("%.*e", std::max(digits - 2, 1), value);
    const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
    return rounded(value, std::max(0, digits - before));
}

std::string with_sign(double value, int digits) {
    if (std::isnan(value)) return kNothing;
    return (value >= 0 ? "+" : "\xE2\x88\x92") + significant(std::fabs(value), digits);
}

std::string plain(double value) {
    if (std::isnan(value)) return kNothing;
    const double size = std::fabs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e9)) return printed("%.3g", value);
    std::string text = printed("%.4f", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return grouped(text);
}

std::string duration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return kNothing;
    if (seconds > 3600.0 * 24 * 365) return "over a year";
    const int64_t s = static_cast<int64_t>(std::llround(seconds));
    const auto n = [](int64_t v) { return static_cast<long long>(v); };
    if (s < 60) return printed("%lld s", n(s));
    if (s < 3600) return printed("%lld min %02lld s", n(s / 60), n(s % 60));
    if (s < 86400) return printed("%lld h %02lld min", n(s / 3600), n(s % 3600 / 60));
    return printed("%lld d %lld h", n(s / 86400), n(s % 86400 / 3600));
}

std::string round_time(double seconds) {
    if (!std::isfinite(seconds)) return kNothing;
    if (seconds < 0) return "\xE2\x88\x92" + round_time(-seconds);
    if (seconds == 0) return "0";
    if (seconds < 60) return plain(seconds) + " s";
    const auto s = static_cast<long long>(std::llround(seconds));
    const auto two = [](long long whole, long long part, const char* unit) {
        return part == 0 ? printed("%lld %s", whole, unit)
                         : printed("%lld:%02lld %s", whole, part, unit);
    };
    if (s < 3600) return two(s / 60, s % 60, "min");
    if (s < 86400) return two(s / 3600, s % 3600 / 60, "h");
    const long long hours = s % 86400 / 3600;
    return printed("%lld d", s / 86400) + (hours == 0 ? std::string() : printed(" %lld h", hours));
}

std::string bytes(int64_t value) {
    const char* units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = static_cast<double>(value);
    size_t unit = 0;
    while (v >= 1000.0 && unit + 1 < std::size(units)) {
        v /= 1000.0;
        ++unit;
    }
    return printed(unit == 0 || v >= 100 ? "%.0f %s" : "%.1f %s", v, units[unit]);
}

double time_left(int64_t step, int64_t steps, double tokens_per_s, double tokens_per_step) {
    if (steps <= 0 || step > steps || !(tokens_per_s > 0) || !(tokens_per_step > 0))
        return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(steps - step) * tokens_per_step / tokens_per_s;
}

std::string shortened(const std::string& text, size_t length) {
    const std::vector<size_t> starts = character_starts(text);
    if (starts.size() <= length || length < 2) return text;
    return text.substr(0, starts[length - 1]) + kEllipsis;
}

std::string shortened_in_middle(const std::string& text, size_t length) {
    const std::vector<size_t> starts = character_starts(text);
    if (starts.size() <= length || length < 3) return text;
    const size_t tail = (length - 1) / 2, head = length - 1 - tail;
    return text.substr(0, starts[head]) + kEllipsis + text.substr(starts[starts.size() - tail]);
}

}  // namespace hopscope::app
