// Cells of CSV files (RFC 4180). Pure functions, any thread.
#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hopscope::core {

/// The text in quotes, those that it holds doubled.
inline std::string csv_quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

/// The text as one field: quoted where it holds commas, quotes or line ends.
inline std::string csv_field(const std::string& text) {
    return text.find_first_of(",\"\r\n") == std::string::npos ? text : csv_quoted(text);
}

/// The fewest digits that read back to the same number; "" where it is not finite.
template <class Number>
std::string csv_number(Number value) {
    if (!std::isfinite(value)) return "";
    char text[48];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Reads what csv_number wrote; an empty cell is NaN. False where `text` is no such number.
template <class Number>
bool read_csv_number(std::string_view text, Number& value) {
    if constexpr (std::is_floating_point_v<Number>)
        if (text.empty()) {
            value = std::numeric_limits<Number>::quiet_NaN();
            return true;
        }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

/// The text as one field that no reader takes for a number or for the begin of a comment: those are
/// quoted, too.
inline std::string csv_text(const std::string& text) {
    double number = 0;
    const bool plain = text.empty() || (text.front() != '#' && !read_csv_number(text, number));
    return plain ? csv_field(text) : csv_quoted(text);
}

/// The cells of a line without quoted fields; a '\r' at its end is no part of them.
inline std::vector<std::string_view> csv_cells(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    std::vector<std::string_view> cells;
    size_t begin = 0;
    for (size_t comma; (comma = line.find(',', begin)) != std::string_view::npos; begin = comma + 1)
        cells.push_back(line.substr(begin, comma - begin));
    cells.push_back(line.substr(begin));
    return cells;
}

}  // namespace hopscope::core
