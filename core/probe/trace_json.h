// The document hopscope.trace/1 (docs/formats.md#trace-of-a-prompt) as text. Pure functions, any
// thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// One line: the fields of `head`, then "tokens" and "layers"; positions only where asked for. Each
/// number is the shortest that reads back to the same float; bytes that are no UTF-8 become U+FFFD.
/// @param head an object
std::string trace_document(const nlohmann::ordered_json& head, const TraceResult& traced,
                           bool positions);

}  // namespace hopscope::core
