#include "core/base/utf8.h"

#include <cstring>

namespace hopscope::core {

std::optional<int64_t> Utf8Checker::feed(std::string_view bytes) {
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    const size_t n = bytes.size();
    size_t i = 0;
    while (i < n) {
        if (missing_ == 0) {
            uint64_t word = 0;
            while (i + 8 <= n) {  // runs of ASCII, eight bytes at a time
                std::memcpy(&word, p + i, 8);
                if (word & 0x8080808080808080ULL) break;
                i += 8;
            }
            if (i == n) break;
        }
        const unsigned char c = p[i];
        if (missing_ > 0) {
            if (c < low_ || c > high_) return character_;
            low_ = 0x80;
            high_ = 0xbf;
            --missing_;
        } else if (c >= 0x80) {
            character_ = offset_ + static_cast<int64_t>(i);
            if (c >= 0xc2 && c <= 0xdf) {
                missing_ = 1;
            } else if (c >= 0xe0 && c <= 0xef) {
                missing_ = 2;
                if (c == 0xe0) low_ = 0xa0;   // shorter forms are overlong
                if (c == 0xed) high_ = 0x9f;  // surrogates
            } else if (c >= 0xf0 && c <= 0xf4) {
                missing_ = 3;
                if (c == 0xf0) low_ = 0x90;   // overlong
                if (c == 0xf4) high_ = 0x8f;  // above U+10FFFF
            } else {
                return character_;
            }
        }
        ++i;
    }
    offset_ += static_cast<int64_t>(n);
    return std::nullopt;
}

std::optional<int64_t> Utf8Checker::finish() const {
    if (missing_ > 0) return character_;
    return std::nullopt;
}

std::optional<int64_t> find_bad_utf8(std::string_view text) {
    Utf8Checker checker;
    if (const auto bad = checker.feed(text)) return bad;
    return checker.finish();
}

}  // namespace hopscope::core
