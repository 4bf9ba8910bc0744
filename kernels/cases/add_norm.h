// Cases of add_norm. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

inline constexpr double kCaseEps = 1e-5;  ///< of the norms
inline constexpr int64_t kCaseSeed = 77;  ///< of what is dropped

struct NormShape {
    int64_t tokens, d;
    double p = 0;  ///< dropout of what is written
    bool has_x = true, has_written = true;
    bool uses_sum = true;  ///< whether the sum has a gradient from behind, too
    double level = 0;      ///< mean of x
};

const std::vector<Shaped<NormShape>>& add_norm_shapes();
/// Given weight, bias and, where they are there, x and written.
Case add_norm_case(const Shaped<NormShape>& of);
OperatorCases add_norm_cases();

}  // namespace hopscope::kernels::cases
