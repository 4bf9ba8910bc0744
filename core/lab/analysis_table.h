// The one table of analyses that `hopscope analyze` knows: those of saved curves (core/analysis)
// and those that need a model. Pure data, any thread.
#pragma once

#include <span>

#include "core/analysis/analysis.h"

namespace hopscope::core {

std::span<const analysis::Analysis> analysis_table();

}  // namespace hopscope::core
