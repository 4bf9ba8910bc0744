// The cases of every operator of kernels/ops.h, in the order of HOPSCOPE_OPERATORS: the one list
// that the tests of the operators, those of CUDA kernels without a GPU and on one, and
// `hopscope bench` read. Made at the first call; any thread.
#pragma once

#include <vector>

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

const std::vector<OperatorCases>& all_cases();
const OperatorCases& cases_of(Operator of);

}  // namespace hopscope::kernels::cases
