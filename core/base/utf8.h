// UTF-8: checking texts, whole or piece by piece, and printing what may be none. Plain functions
// and values, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hopscope::core {

/// Checks a stream that arrives in pieces of any size; a character may straddle them. Refuses
/// overlong forms, surrogates, code points above U+10FFFF and lone or missing continuation bytes.
class Utf8Checker {
  public:
    /// Offset in the whole stream of the first byte of the first bad character, or nothing.
    std::optional<int64_t> feed(std::string_view bytes);
    /// The same for a character that the end of the stream cuts off.
    std::optional<int64_t> finish() const;

  private:
    int64_t offset_ = 0;                      ///< of the next byte
    int64_t character_ = 0;                   ///< where the open character began
    int missing_ = 0;                         ///< continuation bytes still due
    unsigned char low_ = 0x80, high_ = 0xbf;  ///< range of the next continuation byte
};

/// Offset of the first bad byte of a text, or nothing if it is UTF-8.
std::optional<int64_t> find_bad_utf8(std::string_view text);

/// The byte-order mark that some editors put at the beginning of a text file; it is no text.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
/// "is UTF-16 text; convert it first, e.g. with iconv …" of what its byte-order mark gives away, or
/// zero bytes at every second or fourth place; "": it has none of another encoding.
std::string other_encoding(std::string_view begin);

/// Whether a character begins at this byte of UTF-8, rather than goes on.
inline bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

/// `text` as an error may print it, whatever it holds: at most 80 characters, control bytes and
/// bytes that are no UTF-8 as "\x1b".
std::string shown(std::string_view text);
/// shown() in quotes.
std::string in_quotes(std::string_view text);
/// The same for a path: whole up to 200 bytes, else with its middle left out, since its end is what
/// tells files apart.
std::string shown_path(std::string_view path);
/// Lines of text for a terminal, of any length: escaped like shown(), their ends kept.
std::string printable(std::string_view lines);
/// A word of a command to copy, which a shell (bash) reads as `text`, whatever is in it.
std::string shell_word(std::string_view text);

/// `name` in the characters that every file system, document and terminal takes: bytes that are no
/// UTF-8, and control bytes, become '_'.
std::string plain_name(std::string_view name);

}  // namespace hopscope::core
