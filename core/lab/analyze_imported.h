// hopscope analyze on the run folder of an imported model. One thread.
#pragma once

#include <string>

#include "core/api/lab.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// As analyze(): a document, or several. Errors (usage): a name that is no analysis of an imported
/// model, with those that are; --against, --corpus or --prompts, which it cannot use.
Result<std::string> analyze_imported(const AnalyzeOptions& options);

}  // namespace hopscope::core::lab
