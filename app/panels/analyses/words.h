// The names of fields and columns of analyses as a reader says them: "decided_before.same_ci95_low"
// is "decided before, same, 95 % interval from". The documents keep their keys; what is drawn are
// these words, with the key in the tooltip. Pure functions, any thread.
#pragma once

#include <string>

namespace hopscope::app {

/// Of a path of a document ("by_batch.slope", "per_layer[0]") or of a column of a table.
std::string words_of_key(const std::string& key);

}  // namespace hopscope::app
