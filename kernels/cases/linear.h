// Cases of linear. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

/// Which layers have one; every other: the first, the third, …
enum class Biases { none, every_other, all };

struct LinearShape {
    int64_t tokens, d;
    std::vector<int64_t> widths;  ///< of each layer
    bool wide = false;            ///< whether results stay fp32
    bool wide_rows = false;       ///< whether x is fp32 where weights are bf16
    Biases biases = Biases::every_other;
    bool turned = false;  ///< the last layer's weights lie transposed in memory
};

const std::vector<Shaped<LinearShape>>& linear_shapes();
/// Given x, then of each layer weight0, bias0 (where there is one), weight1, …
Case linear_case(const Shaped<LinearShape>& of);
OperatorCases linear_cases();

}  // namespace hopscope::kernels::cases
