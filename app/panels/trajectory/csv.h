// The traced prompt as comma-separated text: what the trajectory panel draws. Pure, any thread.
#pragma once

#include <string>

#include "core/api/snapshot.h"

namespace hopscope::app {

/// A line for each token, layer, hop and rank: the expert chosen there with its weight, and what is
/// known of the token at the hop. Hops that a token did not make are left out. "" where nothing was
/// traced.
std::string csv_of(const core::TraceResult& trace);

}  // namespace hopscope::app
