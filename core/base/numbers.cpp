#include "core/base/numbers.h"

#include <charconv>
#include <cmath>

namespace hopscope::core {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "-"? digits without a zero before others; the rest of the text behind them, or nothing.
std::optional<std::string_view> behind_digits(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    size_t n = 0;
    while (n < text.size() && is_digit(text[n])) ++n;
    if (n == 0 || (n > 1 && text[0] == '0')) return std::nullopt;
    return text.substr(n);
}

/// The rest behind ".5", "e-3" or both, or nothing where a digit is missing.
std::optional<std::string_view> behind_fraction(std::string_view text) {
    for (const bool exponent : {false, true}) {
        const bool there =
            exponent ? text.starts_with('e') || text.starts_with('E') : text.starts_with('.');
        if (!there) continue;
        text.remove_prefix(1);
        if (exponent && (text.starts_with('-') || text.starts_with('+'))) text.remove_prefix(1);
        size_t n = 0;
        while (n < text.size() && is_digit(text[n])) ++n;
        if (n == 0) return std::nullopt;
        text.remove_prefix(n);
    }
    return text;
}

template <class T>
std::optional<T> whole(std::string_view text) {
    T value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

template <class T>
std::optional<T> whole_number(std::string_view text) {
    const auto rest = behind_digits(text);
    if (!rest || !rest->empty()) return std::nullopt;
    return whole<T>(text);
}

/// A bound as people write it: 65536, 0.5, 1e+20.
std::string bound_text(double value) {
    if (value == std::floor(value) && std::abs(value) < 1e15)
        return std::to_string(static_cast<int64_t>(value));
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

}  // namespace

bool NumberRange::holds(double value) const {
    // Written so that NaN fails. Work is done in fp32: a scale of 1e-46 would be the 0 there that
    // it must not be, 1 less 1e-9 the 1.
    const auto in_fp32 = [](double x) { return static_cast<float>(x); };
    const bool above = low_open ? in_fp32(value) > in_fp32(low) : value >= low;
    const bool below = high_open ? in_fp32(value) < in_fp32(high) : value <= high;
    return above && below && std::isfinite(value);
}

std::string NumberRange::text() const {
    if (low == -1e308) return "any finite value";
    const std::string from = (low_open ? "above " : "at least ") + bound_text(low);
    if (!low_open && !high_open)
        return high == 1e308 ? from : bound_text(low) + " … " + bound_text(high);
    const std::string to =
        high == 1e308 ? "" : (high_open ? " and below " : " and at most ") + bound_text(high);
    return from + to + ", in fp32";
}

std::optional<int64_t> read_integer(std::string_view text) {
    return whole_number<int64_t>(text);
}

std::optional<uint64_t> read_natural(std::string_view text) {
    return whole_number<uint64_t>(text);
}

std::optional<double> read_number(std::string_view text) {
    const auto rest = behind_digits(text);
    if (!rest) return std::nullopt;
    const auto end = behind_fraction(*rest);
    if (!end || !end->empty()) return std::nullopt;
    return whole<double>(text);
}

std::string in_thousands(std::string digits) {
    for (size_t i = digits.size(); i > 3 && digits[i - 4] != '-';) {
        i -= 3;
        digits.insert(i, 1, ',');
    }
    return digits;
}

}  // namespace hopscope::core
