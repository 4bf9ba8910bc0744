// The one table of analyses that `hopscope analyze` knows. Pure data, any thread.
#pragma once

#include <span>

#include "core/analyses/analysis.h"

namespace hopscope::core::analysis {

std::span<const Analysis* const> analysis_table();

}  // namespace hopscope::core::analysis
