// Passes under a plan that nobody looks into: only what comes out of them is wanted. Thread:
// whoever owns the weights.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/hop_banks.h"
#include "core/model/model.h"
#include "core/model/past.h"
#include "core/probe/plan.h"

namespace hopscope::core {

/// A text on its way through a model: what its passes leave to the next one.
struct GrowingText {
    Past past;
    HopBanks hops;
};

/// Hidden states [B·T, d] after the final LayerNorm.
/// @param edited edited_model() of the plan
/// @param ids [B, T] int64; token scopes of the plan count within each sequence
/// @param text where given, the tokens are those behind its past, and go into it; of this model
at::Tensor planned_hidden(const Model& edited, const Plan& plan, const at::Tensor& ids,
                          GrowingText* text = nullptr);

/// Log-probabilities of the next token behind one sequence, [V] fp32. @param ids [1, T]
at::Tensor next_log_p(const Model& edited, const Plan& plan, const at::Tensor& ids,
                      GrowingText* text = nullptr);

}  // namespace hopscope::core
