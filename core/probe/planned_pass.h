// Passes under a plan that nobody looks into: only what comes out of them is wanted. Thread:
// whoever owns the weights.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/model.h"
#include "core/model/past.h"
#include "core/probe/plan.h"

namespace hopscope::core {

/// Hidden states [B·T, d] after the final LayerNorm.
/// @param edited edited_model() of the plan
/// @param ids [B, T] int64; token scopes of the plan count within each sequence
/// @param past where given, the tokens are those behind it, and go into it
at::Tensor planned_hidden(const Model& edited, const Plan& plan, const at::Tensor& ids,
                          Past* past = nullptr);

/// Log-probabilities of the next token behind one sequence, [V] fp32. @param ids [1, T]
at::Tensor next_log_p(const Model& edited, const Plan& plan, const at::Tensor& ids,
                      Past* past = nullptr);

}  // namespace hopscope::core
