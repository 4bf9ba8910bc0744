// Perplexity, executed hops and measured time under halting thresholds [def:halting_saving]
// [def:halting_time], beside a random control [def:halting_control]: a pure function of weights and
// data. Any thread that nothing else disturbs, since it takes times.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/halting_table.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/probe/effect.h"
#include "core/text/batches.h"

namespace hopscope::core::lab {

/// Evaluates the first batches once for the numbers, then for the control, then `repeats` times for
/// the times, base and rows in turn on each batch so that a change of the machine's pace meets all.
/// The model must have MoE layers. Errors: interrupted.
/// @param categories token ids of each class whose depths are counted, beside a control; may be
///     empty
Result<HaltingTable> halting_table(const Model& model, const BatchSource& source,
                                   const HaltingPlan& work, const Categories& categories,
                                   const Progress& progress);

}  // namespace hopscope::core::lab
