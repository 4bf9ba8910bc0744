// The document of a comparison and the definitions of its numbers. Pure functions, any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/compare/compare.h"

namespace hopscope::core {

/// hopscope.compare/1, with every definition under "definitions".
OrderedJson compare_json(const CompareResult& result);
/// Term and definition of every number, as in the document and in --help.
const std::vector<std::pair<std::string, std::string>>& compare_definitions();

}  // namespace hopscope::core
