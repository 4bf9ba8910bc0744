// The state of a run's training: everything that decides the next update besides the data. Saved in
// checkpoints, restored on resume, cloned by a fork. Plain data: whoever holds it owns it; tensors
// are shared by reference until they are cloned. Thread: whoever owns it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/api/freeze_parts.h"
#include "core/model/model.h"
#include "core/model/weights.h"
#include "core/train/interventions.h"
#include "core/train/recent_load.h"

namespace hopscope::core {

struct EngineState {
    /// Its configuration is the run's with the live settings as they are now (`set`).
    Model model;
    Weights m, v;                                                   ///< moments
    int64_t step = 0;                                               ///< updates done
    int64_t tokens = 0;                                             ///< trained on
    double seconds = 0;                                             ///< of training
    std::set<FreezePart, ByWord> frozen;                            ///< everywhere
    std::map<int64_t, std::set<int64_t>> frozen_experts;            ///< layer → experts
    std::map<FreezePart, std::set<int64_t>, ByWord> frozen_layers;  ///< → layers, where not all
    std::vector<Intervention> interventions;  ///< in the order they came, as `clear` counts
    /// Applied so far: a resumed run applies those behind it again. −1: an older checkpoint, whose
    /// commands are told by their steps.
    int64_t commands = 0;
    RecentLoad recent_load;  ///< with all its digits: a resumed run shows what an unbroken one does

    /// The same in tensors of its own; a plain copy shares them.
    EngineState clone() const;
};

/// Before the first update: the model as it is, moments zero.
EngineState untrained(Model model);

}  // namespace hopscope::core
