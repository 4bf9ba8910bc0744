// What a form of a piece of work is given and what comes of it, as a file, so that other programs
// can do the same work on the same numbers and be held against it before times are compared
// [def:timing]. Called on the measuring thread.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/bench/rounds.h"
#include "core/bench/setting.h"

namespace hopscope::core {

/// Writes FOLDER/NAME.FORM.safetensors for each form of `work` that tells; the folder is made.
/// Tensors as they were computed (fp32 or bf16); of an operator: given.X, grad.X (of what it was
/// given), out.X, and given.grad_of_X, the gradient of that output; of a step: given.NAME (weights
/// as in model.safetensors), given.tokens [updates, grad_accum, batch, seq_len + 1], and out.loss,
/// out.balance_loss, out.grad_norm, out.lr [updates]. Metadata: name, form, precision, and config
/// as resolved TOML. Errors (failed): the disk.
Status keep_accounts(const BenchWork& work, const BenchSetting& setting, const std::string& folder);

}  // namespace hopscope::core
