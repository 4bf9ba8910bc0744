// "Did you mean …": the known word nearest to a mistyped one. Plain C++, no state, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hopscope::core {

/// Optimal string alignment distance: an inserted, lost, wrong or swapped letter costs one each.
/// Only the first 64 bytes count.
size_t slips(std::string_view a, std::string_view b);

/// The entry of `known` with the fewest slips (insert, delete, replace, swap neighbours), the first
/// of several; "" where even that is no likely misspelling (more than half of `word` differs).
std::string likely_word(std::string_view word, const std::vector<std::string>& known);

/// ", did you mean X?" or "".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace hopscope::core
