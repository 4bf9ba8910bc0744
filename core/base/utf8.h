// UTF-8 checking, whole or piece by piece. Plain functions and values, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

}  // namespace hopscope::core
