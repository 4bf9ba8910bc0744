// Cases of route. Plain values and pure functions, any thread.
#pragma once

#include "kernels/cases/case.h"

namespace hopscope::kernels::cases {

struct RouteShape {
    int64_t tokens, d;
    int64_t space;  ///< width of positions; 0: the identity projection
    int64_t experts, k;
    bool renormalise = true;
    double tau = 5;
    bool biased = false;   ///< scores are boosted, one expert is suppressed
    bool steered = false;  ///< positions are moved
    /// Whether scores are drawn until no two that decide are so close that rounding could swap
    /// them; what is only timed does not ask.
    bool apart = true;
    bool narrow_gradient = false;
};

const std::vector<Shaped<RouteShape>>& route_shapes();
/// Given h, centroids, tau and, where they are asked for, proj, score_bias, pos_delta.
Case route_case(const Shaped<RouteShape>& of);
OperatorCases route_cases();

}  // namespace hopscope::kernels::cases
