// The traced prompts as comma-separated text: what the trajectory panel draws. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/trajectory/alignment.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// A line for each token, layer, hop and rank: the expert chosen there with its weight, and what is
/// known of the token at the hop. Hops that a token did not make are left out. "" where nothing was
/// traced. Beside a second prompt the first column says of which it is, 1 or 2.
std::string csv_of(const core::TraceResult& trace);
/// What a token of the first prompt and the one below it choose: a line for each of the columns,
/// whose numbers over all pairs are `hops`. "" without a second prompt.
std::string csv_of_pair(const core::TraceResult& first, int64_t token, const Alignment& pairs,
                        const std::vector<HopColumn>& columns, const std::vector<PairedHop>& hops);

}  // namespace hopscope::app
