// hopscope analyze on the run folder of an imported model. One thread.
#pragma once

#include <string>

#include "core/api/lab.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// Why an imported model cannot have the analysis, as a sentence; "" where it can.
std::string refused_to_imported(const std::string& name, const RunHolds& holds);

/// As analyze(): a document, or several. Errors (usage): a name that is no analysis of an imported
/// model, with those that are; --against, --corpus or --prompts, which it cannot use.
Result<std::string> analyze_imported(const AnalyzeOptions& options);

}  // namespace hopscope::core::lab
