// The part of hopscope.trace/1 that is about the prompt (product.md section 5). Pure functions, any
// thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// Adds "tokens" and "layers"; positions only where asked for.
void add_trace(nlohmann::ordered_json& document, const TraceResult& traced, bool positions);

/// One line; bytes that are no UTF-8 become U+FFFD.
std::string dump_trace(const nlohmann::ordered_json& document);

}  // namespace hopscope::core
