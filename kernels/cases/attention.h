// Cases of attention. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct AttentionShape {
    int64_t batch, heads, length, head_dim;
    double p = 0;        ///< dropout
    int64_t before = 0;  ///< keys of tokens that have no query any more
    int64_t seed = 7;    ///< of what is dropped
};

const std::vector<Shaped<AttentionShape>>& attention_shapes();
/// Given q, k and v, in memory as projections make them: [B, T, heads, head_dim].
Case attention_case(const Shaped<AttentionShape>& of);
OperatorCases attention_cases();

}  // namespace hopscope::kernels::cases
