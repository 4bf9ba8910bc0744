// The one table of analyses that `hopscope analyze` knows. Pure data, any thread.
#pragma once

#include <span>

#include "core/analyses/analysis.h"

namespace hopscope::core {

std::span<const analysis::Analysis* const> analysis_table();

}  // namespace hopscope::core
