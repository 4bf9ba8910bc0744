#include "app/widgets/piece_text.h"

#include <cstdio>

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

}  // namespace hopscope::app
