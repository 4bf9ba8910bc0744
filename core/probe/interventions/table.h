// The table of the kinds of intervention: from a command, or from an action that came of it, to the
// one object that carries it out. Immutable, any thread.
#pragma once

#include <span>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {

/// Null for commands that do not act on a pass.
const InterventionKind* find_intervention(CommandKind kind);
/// Of an action, which some kind has made.
const InterventionKind& kind_of(const LayerAction& action);
/// All there are, in the order of the registry.
std::span<const InterventionKind* const> intervention_kinds();

}  // namespace hopscope::core
