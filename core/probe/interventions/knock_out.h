// The knock-out of experts by their rank among those that each token chose, for who measures what
// that does without a command. Values; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/probe/plan.h"

namespace hopscope::core {

/// Of each token the `rank`th of its k chosen experts, from 0, at `hops` (none: all).
LayerAction knock_out_rank(int64_t layer, int64_t rank, std::vector<int64_t> hops = {});

}  // namespace hopscope::core
