// The unpacked bytes of one file, plain or .xz, in pieces. Owned and used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace hopscope::core {

class ByteStream {
  public:
    /// A file that begins as .xz is unpacked. Errors (usage): it cannot be opened; an .xz name
    /// without .xz content; packed otherwise.
    static Result<std::unique_ptr<ByteStream>> open(const std::string& path);
    virtual ~ByteStream() = default;

    /// Up to `size` bytes; 0 at the end. Errors (usage): unreadable, truncated or corrupt.
    virtual Result<size_t> read(char* out, size_t size) = 0;
    virtual int64_t packed_position() const = 0;  ///< bytes of the file consumed so far
};

/// What is said of a text that begins with other than UTF-8, "is packed twice; unpack it once, …",
/// "is UTF-16 text; …"; "": nothing that is known.
std::string foreign_form(std::string_view begin);

}  // namespace hopscope::core
