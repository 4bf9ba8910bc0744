// The reference form of kernels/hops.h: each hop routed and computed by the reference forms of
// route and experts, for all tokens, whether they still run or not. Pure function, any thread.
#pragma once

#include "kernels/hops.h"

namespace hopscope::kernels::reference {

HopsOut hops(const at::Tensor& x, const HopBank& bank, const HopRules& rules);

}  // namespace hopscope::kernels::reference
