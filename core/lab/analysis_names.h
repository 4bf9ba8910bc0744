// What analyses of whatever run are called, in the order of --help and of `--what all`: those of a
// trained run, then those that only an imported model has. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core::lab {

std::vector<std::string> analysis_names();

/// Why a run that is trained here has no analysis of an imported model, as a clause.
std::string only_of_imported(const std::string& name);

/// Whether a run that is trained here can have all of "NAME,NAME" or "all". Errors (usage): a name
/// that no analysis has, with the nearest one; one that only an imported model has.
Status check_trained_names(const std::string& what);

}  // namespace hopscope::core::lab
