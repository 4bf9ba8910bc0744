// The single numbers of run folders, for a plot of any of them over any other: costs counted from
// the configuration and the curves, and what curves, evaluations and documents end with. A run that
// cannot be read says why and holds up none of the others. Reads files; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/progress.h"
#include "core/api/run_numbers.h"
#include "core/base/result.h"

namespace hopscope::core {

/// One a folder, in their order. Documents are *.json in RUN and RUN/analysis. Errors: interrupted.
Result<std::vector<RunNumbers>> read_run_numbers(const std::vector<std::string>& runs,
                                                 const Progress& progress = {});

}  // namespace hopscope::core
