#include "core/base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> value_table() {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<uint8_t, 256> out{};
    out.fill(kNone);
    for (size_t i = 0; i < kDigits.size(); ++i)
        out[static_cast<unsigned char>(kDigits[i])] = static_cast<uint8_t>(i);
    return out;
}

constexpr auto kValues = value_table();

}  // namespace

Result<std::string> bytes_from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return usage_error(std::to_string(text.size()) +
                           " characters of base64, a multiple of 4 expected; the text was cut");
    size_t digits = text.size();
    while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; ++i) {
        const uint8_t value = kValues[static_cast<unsigned char>(text[i])];
        if (value == kNone)
            return usage_error("character " + std::to_string(i) + " is " +
                               in_quotes(text.substr(i, 1)) + ", base64 expected");
        bits = bits << 6 | value;
        // Each digit but the first of four ends a byte.
        if (i % 4 == 0) continue;
        const auto left = static_cast<unsigned>(6 - 2 * (i % 4));
        out.push_back(static_cast<char>(bits >> left & 0xff));
    }
    return out;
}

}  // namespace hopscope::core
