// What halting at a threshold does to validation loss, beside a random control of equal size
// [def:halting] [def:halting_control]. A pure function of weights and data; any thread.
#pragma once

#include <cstdint>
#include <functional>

#include "core/api/session.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core {

/// Fills the validation fields of `effect` from the first `batches` batches. The control lets as
/// many (token, layer) pairs of each depth halt, but drawn at random. False where `cancelled`
/// turned true.
bool measure_halting(const Model& model, const BatchSource& valid, double epsilon, int64_t batches,
                     int64_t draws, const std::function<bool()>& cancelled, HaltingEffect& effect);

}  // namespace hopscope::core
