#include "core/base/utf8.h"

#include <algorithm>
#include <cstring>
#include <iterator>

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

namespace {

constexpr size_t kShownCharacters = 80, kPathBytes = 200, kPathHead = 60;
constexpr std::string_view kEllipsis = "…";

/// Marks, embeddings, overrides and isolates that let what follows read from right to left, so that
/// a name may look like another: U+061C, U+200E, U+200F, U+202A … U+202E, U+2066 … U+2069.
bool turns_direction(std::string_view character) {
    constexpr std::string_view kMarks[] = {"\u061c", "\u200e", "\u200f", "\u202a",
                                           "\u202b", "\u202c", "\u202d", "\u202e",
                                           "\u2066", "\u2067", "\u2068", "\u2069"};
    return std::find(std::begin(kMarks), std::end(kMarks), character) != std::end(kMarks);
}

/// Bytes of the character at `at` that a terminal prints as it stands; 0 where it is none.
size_t printable_at(std::string_view text, size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    const std::string_view part = text.substr(at, length);
    if (part.size() < length || find_bad_utf8(part)) return 0;
    // U+0080 … U+009F command terminals as the bytes below 0x20 do.
    const bool control =
        c < 0x20 || c == 0x7f || (c == 0xc2 && static_cast<unsigned char>(part[1]) < 0xa0);
    return control || turns_direction(part) ? 0 : length;
}

std::string escaped(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (size_t at = 0; at < text.size();) {
        if (const size_t length = printable_at(text, at)) {
            out += text.substr(at, length);
            at += length;
            continue;
        }
        const auto c = static_cast<unsigned char>(text[at++]);
        if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else
            out += {'\\', 'x', kDigits[c >> 4], kDigits[c & 15]};
    }
    return out;
}

}  // namespace

std::string shown(std::string_view text) {
    // Enough bytes for the characters wanted, so that 100 MB are not looked at for 80 of them.
    const size_t most = 4 * (kShownCharacters + 1);
    const std::string out = escaped(text.substr(0, most));
    size_t characters = 0, at = 0;
    for (; at < out.size(); ++at)
        if (begins_character(out[at]) && ++characters > kShownCharacters) break;
    return at < out.size() || text.size() > most ? out.substr(0, at) + std::string(kEllipsis) : out;
}

std::string in_quotes(std::string_view text) {
    return '"' + shown(text) + '"';
}

std::string shown_path(std::string_view path) {
    const std::string out = escaped(path);
    if (out.size() <= kPathBytes) return out;
    size_t head = kPathHead, tail = out.size() - (kPathBytes - kPathHead);
    while (head > 0 && !begins_character(out[head])) --head;
    while (tail < out.size() && !begins_character(out[tail])) ++tail;
    return out.substr(0, head) + std::string(kEllipsis) + out.substr(tail);
}

std::string printable(std::string_view lines) {
    std::string out;
    for (size_t end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
        (out += escaped(lines.substr(0, end))) += '\n';
        lines.remove_prefix(end + 1);
    }
    return out + escaped(lines);
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./,:=@%+-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos)
        return std::string(text);
    // Within $'…' bash reads the escapes that escaped() writes.
    const bool special = text.find('\'') != std::string_view::npos || escaped(text) != text;
    if (!special) return "'" + std::string(text) + "'";
    std::string out = "$'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return escaped(out) + "'";
}

std::string plain_name(std::string_view name) {
    std::string out;
    for (size_t at = 0; at < name.size();) {
        const size_t length = printable_at(name, at);
        out += length ? name.substr(at, length) : "_";
        at += std::max<size_t>(length, 1);
    }
    return out;
}

namespace {

/// Without a mark, letters of Latin scripts tell wide characters by their zero bytes.
const char* wide_characters(std::string_view begin) {
    begin = begin.substr(0, 64);
    const auto zero = [&](size_t width, size_t place) {  // in each character
        bool all = begin.size() >= width;
        for (size_t i = place; i < begin.size(); i += width) all = all && begin[i] == '\0';
        return all;
    };
    if (begin.size() < 4 || begin.find_first_not_of('\0') == std::string_view::npos) return nullptr;
    if (zero(4, 2) && zero(4, 3)) return zero(4, 0) ? nullptr : "UTF-32LE";
    if (zero(4, 0) && zero(4, 1)) return zero(4, 3) ? nullptr : "UTF-32BE";
    if (zero(2, 1)) return "UTF-16LE";
    return zero(2, 0) ? "UTF-16BE" : nullptr;
}

}  // namespace

std::string other_encoding(std::string_view begin) {
    using namespace std::string_view_literals;
    // The marks of UTF-32 begin as one of UTF-16 does, or with bytes that UTF-8 has, too.
    const char* name = nullptr;
    if (begin.starts_with("\xff\xfe\0\0"sv) || begin.starts_with("\0\0\xfe\xff"sv))
        name = "UTF-32";
    else if (begin.starts_with("\xff\xfe") || begin.starts_with("\xfe\xff"))
        name = "UTF-16";
    else
        name = wide_characters(begin);
    if (!name) return "";
    return std::string("is ") + name + " text; convert it first, e.g. with iconv -f " + name +
           " -t UTF-8";
}

}  // namespace hopscope::core
