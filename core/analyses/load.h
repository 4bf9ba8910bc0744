// How evenly the experts of a layer are used [def:expert_load], for counts of whatever model. Pure
// functions, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/analyses/document.h"

namespace hopscope::core::analysis {

/// `counts` [experts], and what they amount to.
Fields load_of(const std::vector<int64_t>& counts);
/// A row a count, for the table.
void add_counts(Table& table, int64_t layer, const std::vector<int64_t>& counts);

}  // namespace hopscope::core::analysis
