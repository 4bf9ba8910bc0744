// Whether what a server recorded is of this model, and the routing that it is then. Pure functions
// of plain values, any thread.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/imported/model_layout.h"
#include "core/imported/recorded_routing.h"
#include "core/imported/served_trace.h"

namespace hopscope::core {

/// What a server said, as routing of this model. `file` is for messages. Errors (usage): k, layers
/// or numbers of experts that are not this model's, a layer without a router that chose, an expert
/// twice in a set, other than the announced number of tokens; each names text, token and layer.
Result<RecordedRouting> routing_of(ServedTrace trace, const ModelLayout& model,
                                   const std::string& file);

}  // namespace hopscope::core
