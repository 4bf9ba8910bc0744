// Cases of adamw. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct AdamWShape {
    int64_t n;
    bool shadow = false;
    AdamWStep step = {.lr = 1e-2, .weight_decay = 0.1, .grad_scale = 0.7, .t = 3};
    double length = 1;  ///< of the gradients
};

const std::vector<Shaped<AdamWShape>>& adamw_shapes();
/// Given param, grad, m, v and, where it is asked for, shadow; all but grad are changed.
Case adamw_case(const Shaped<AdamWShape>& of);
OperatorCases adamw_cases();

}  // namespace hopscope::kernels::cases
