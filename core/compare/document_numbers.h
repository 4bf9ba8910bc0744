// The numbers that lie in a document of this program, an analysis, an evaluation, a halting table
// or answers to questions, each under the path at which it stands. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/run_numbers.h"
#include "core/base/json.h"

namespace hopscope::core {

/// Whether numbers are taken from documents of this "format".
bool has_numbers(const std::string& format);

/// Keys are NAME/path: objects by ".", lists of at most 16 entries by "[i]" (rows of a halting
/// table by "[epsilon=0.05]") and, of numbers, also by ".mean". Longer lists are samples, not
/// numbers of a run, and are left out, as is whatever only describes the call. At most
/// kMostNumbers.
std::vector<RunNumber> document_numbers(const Json& document, const std::string& name);
inline constexpr size_t kMostNumbers = 600;

/// Which way is better, by the last word of a key: losses and times fall, accuracy rises.
Better better_of(const std::string& key);

}  // namespace hopscope::core
