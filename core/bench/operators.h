// Single operators as pieces of work: on random numbers of a configuration's sizes or of those that
// kernels/cases names, each in its own form, in its reference form and as LibTorch offers it. Made
// and called on the measuring thread.
#pragma once

#include <string>
#include <vector>

#include "core/bench/setting.h"
#include "kernels/support.h"

namespace hopscope::core {

/// kConfigured and the names of all cases that are for timing.
std::vector<std::string> operator_case_names();

/// The cases of the setting. Errors (usage): the configuration has no such part, or the operator
/// no such case.
BenchWorks operator_work(BenchSetting& setting, kernels::Operator of);

}  // namespace hopscope::core
