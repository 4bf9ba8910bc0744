// Which form of its operators a run is trained with. The forms give the same numbers up to
// rounding, so a run is repeated bit for bit only in its own: run.json keeps the choice that was
// made with the run, and whatever goes on with that run (resume, a lane of a race, a fork) obeys
// it. Plain values, any thread.
#pragma once

#include <array>
#include <map>
#include <string>

#include "core/api/kinds.h"
#include "core/base/result.h"
#include "kernels/ops.h"

namespace hopscope::kernels {

/// As run.json names the forms.
constexpr auto words_of(Form) {
    return core::words("fused", "reference");
}

}  // namespace hopscope::kernels

namespace hopscope::core {

/// The forms that every operator has.
inline constexpr std::array kForms = {kernels::Form::fused, kernels::Form::reference};

/// RunInfo::kernel_choices, operator → "fused" or "reference". An update runs all operators in one
/// form; its evaluations and pictures are always computed in the fused one.
std::map<std::string, std::string> kernel_choices(kernels::Form form);

/// The form that run.json (`file`, for messages) asks for; nothing said, as in files of older
/// versions, is fused. Errors (usage): an operator or a form that does not exist, or two forms at
/// once.
Result<kernels::Form> stored_form(const std::map<std::string, std::string>& choices,
                                  const std::string& file);

}  // namespace hopscope::core
