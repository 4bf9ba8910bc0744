// Cells of CSV files (RFC 4180). Pure functions, any thread.
#pragma once

#include <charconv>
#include <cmath>
#include <string>

namespace hopscope::core {

/// The text as one field: quoted where it holds commas, quotes or line ends.
inline std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

/// The fewest digits that read back to the same number; "" where it is not finite.
template <class Number>
std::string csv_number(Number value) {
    if (!std::isfinite(value)) return "";
    char text[48];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace hopscope::core
