// Cases of rotate. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct RotateShape {
    int64_t batch, length, heads, half;
    bool part = false;  ///< of a wider tensor, of which a row is not all
};

const std::vector<Shaped<RotateShape>>& rotate_shapes();
/// Given x, cos and sin.
Case rotate_case(const Shaped<RotateShape>& of);
OperatorCases rotate_cases();

}  // namespace hopscope::kernels::cases
