// What the tests of run folders share.
#pragma once

#include <string>

#include "tests/temp_folder.h"

namespace hopscope::core {

using test::bytes_of;
using test::put_bytes;
using test::TempFolder;

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace hopscope::core
