// From how many experts a hop chooses: known to what computes with a configuration
// (core/config/arithmetic.h) and to whoever holds an overlap against chance. Pure function, any
// thread.
#pragma once

#include <cstdint>

#include "core/api/config.h"

namespace hopscope::core {

/// Experts of the pool of one of `hops` hops: all M where pools are shared, else its part of M, the
/// larger ones first [def:unrolled_pools].
inline int64_t pool_size(const MoeConfig& moe, int64_t hop, int64_t hops) {
    if (moe.pools != Pools::unrolled) return moe.experts;
    return moe.experts / hops + (hop < moe.experts % hops ? 1 : 0);
}

}  // namespace hopscope::core
