// What a script does to one prompt on the inspector's copy of the weights: the measurement of
// hopscope intervene, published as it grows. Inspector thread; results are plain values.
#pragma once

#include <functional>

#include "core/api/session.h"
#include "core/trainer/model_copy.h"

namespace hopscope::core {

/// How many of the likeliest next tokens an answer of the inspector lists.
inline constexpr int64_t kNextTokens = 10;

/// @param cancelled polled before each pass; the answer is then worth nothing
/// @param publish gets the answer without its control first, and again after each pass
/// Errors of the request stand in InterventionEffect::error.
InterventionEffect measure_intervention(
    const ModelCopy& copy, const InterventionRequest& request,
    const std::function<bool()>& cancelled,
    const std::function<void(const InterventionEffect&)>& publish);

}  // namespace hopscope::core
