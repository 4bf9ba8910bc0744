// Lists of names that a person types or reads: joined for a sentence, looked up from an option,
// with the one that was likely meant. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

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

/// The first `most` of them, and how many more there are: "a, b, and 3 more".
std::string joined_first(const std::vector<std::string>& words, size_t most,
                         const char* separator = ", ");

/// Optimal string alignment distance: an inserted, lost, wrong or swapped letter costs one each.
/// Only the first 64 bytes count.
size_t slips(std::string_view a, std::string_view b);

/// The entry of `known` with the fewest slips (insert, delete, replace, swap neighbours), the first
/// of several; "" where even that is no likely misspelling (more than half of `word` differs).
std::string likely_word(std::string_view word, const std::vector<std::string>& known);

/// ", did you mean X?" or "".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

/// What a list of names chose from those there are.
struct ChosenNames {
    std::vector<size_t> places;  ///< each once, rising
    bool all = false;            ///< none was named, but all were asked for
};

/// Reads names joined by commas, or "all". Errors (usage): a name that is not known, with the
/// nearest one and all that are; `option` is what the user typed.
Result<ChosenNames> chosen_names(const std::string& option, const std::string& list,
                                 const std::vector<std::string>& known);

/// Bytes of a name that a folder is made of: with a seed or the time of day behind it a file system
/// still takes it (255).
inline constexpr size_t kLongestFolderName = 200;

/// The name of a configuration file as runs, folders and documents bear it: without folders and
/// extension, in plain characters, the first kLongestFolderName bytes of it, no dot first; "config"
/// of nothing but dots.
std::string config_name_of(const std::string& path);

/// What a folder is called: the last part of its path made absolute, without looking at the disk
/// but for where the process stands; "" of the root alone.
std::string folder_name(const std::string& dir);

}  // namespace hopscope::core
