// "NAME,NAME,…|all" of options such as --what. Pure function, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/api/result.h"

namespace hopscope::core {

/// Places in `known` of the names in `list`, each once, in the order of `known`. Errors (usage): a
/// name that is not known, with the nearest one and all that are; `option` is what the user typed.
Result<std::vector<size_t>> chosen_names(const std::string& option, const std::string& list,
                                         const std::vector<std::string>& known);

}  // namespace hopscope::core
