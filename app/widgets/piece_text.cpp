#include "app/widgets/piece_text.h"

#include <cctype>
#include <cstdio>
#include <string_view>

namespace hopscope::app {

std::string piece_text(const std::string& piece) {
    if (piece.empty()) return "<empty>";
    std::string out;
    for (const char c : piece) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            continue;
        }
        char code[8];
        std::snprintf(code, sizeof code, "<0x%02X>", byte);
        out += code;
    }
    return out;
}

std::string word_text(const std::string& piece) {
    constexpr std::string_view kMark = "\xE2\x96\x81";
    if (piece.starts_with(kMark) && piece.size() > kMark.size())
        return piece_text(piece.substr(kMark.size()));
    const bool goes_on = !piece.empty() && std::isalpha(static_cast<unsigned char>(piece[0]));
    return (goes_on ? "-" : "") + piece_text(piece);
}

}  // namespace hopscope::app
