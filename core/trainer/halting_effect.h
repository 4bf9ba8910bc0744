// What halting at a threshold does to validation loss, beside a random control of equal size
// [def:halting] [def:halting_control]. A pure function of weights and data; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/api/session.h"
#include "core/model/model.h"
#include "core/text/batches.h"
#include "core/train/batch_tensors.h"

namespace hopscope::core {

/// Hops that each token of a batch ran, [layers][tokens].
using BatchDepths = std::vector<std::vector<int64_t>>;

/// Fills the validation fields of `effect` from the first `batches` batches. The control lets as
/// many (token, layer) pairs of each depth halt, but drawn at random. False where `cancelled`
/// turned true.
/// @param seen called with each batch and the depths at which its tokens halted; may be empty
bool measure_halting(
    const Model& model, const BatchSource& valid, double epsilon, int64_t batches, int64_t draws,
    const std::function<bool()>& cancelled, HaltingEffect& effect,
    const std::function<void(const BatchTensors& batch, const BatchDepths& depths)>& seen = {});

}  // namespace hopscope::core
