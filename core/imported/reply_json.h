// The JSON of servers' replies, of which a trace reads a few fields. They are read event by event,
// and only those fields are kept: what stands beside them (texts, probabilities) may be many times
// as large. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"

namespace hopscope::core {

/// A reply, a list of replies, or the experts of one alone as a text, with the fields that
/// read_served_trace() looks at and no others.
/// Errors (usage) begin with `name`: no JSON, a number or another constant, nested more than 32
/// deep, one of these fields twice in an object, more numbers in them than the ids of any text.
Result<Json> parse_reply(std::string_view text, const std::string& name);

/// Whether a text is JSON and no number or other constant; nothing of it is kept.
bool is_reply(std::string_view text);

}  // namespace hopscope::core
