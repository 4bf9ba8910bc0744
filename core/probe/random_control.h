// The random control beside every intervention: the same plan on targets drawn at random, so that
// what comes of the named experts is told from what comes of any. Values; any thread.
#pragma once

#include <cstdint>

#include "core/base/random.h"
#include "core/model/model.h"
#include "core/probe/plan.h"

namespace hopscope::core {

/// For every expert that a plan acts on another of the same layer and pool, drawn at random.
class OtherExperts;

/// One draw of a random control.
struct ControlDraw {
    const Model& model;
    const OtherExperts& others;
    Random& random;
    int64_t other_than(int64_t layer, int64_t expert) const;
};

/// The same plan with its targets drawn at random, one expert for each over the whole plan: of the
/// same layer and pool, none of the targets [def:random_control]; for freezes the choices of other
/// tokens; for zeroed hops as many other (layer, hop) pairs, where there are others. Halting is
/// drawn by its depths (see effect.h).
Plan random_control(const Plan& plan, const Model& model, uint64_t seed);

}  // namespace hopscope::core
