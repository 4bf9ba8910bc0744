// Base64 of RFC 4648, as replies of servers carry bytes. Pure function, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace hopscope::core {

/// The bytes that a text stands for; padding is expected, blanks and line ends are not. Errors
/// (usage), as a clause: a length that is no multiple of 4, as of a text that was cut; a character
/// that has no place there, with its offset.
Result<std::string> bytes_from_base64(std::string_view text);

}  // namespace hopscope::core
