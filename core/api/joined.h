// Lists of words in sentences. Pure function, any thread.
#pragma once

#include <string>
#include <vector>

namespace hopscope::core {

/// "a, b, c".
inline std::string joined(const std::vector<std::string>& words, const char* separator = ", ") {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += separator;
        out += word;
    }
    return out;
}

}  // namespace hopscope::core
