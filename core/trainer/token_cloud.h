// The cloud of a snapshot: where tokens lie in routing space, what they choose there, how undecided
// the router is about it, and how well the model tells what follows them. Collected from one traced
// pass (the probe sample of a run) or from several (a larger sample). Owned by the thread that
// computes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/snapshot.h"
#include "core/model/model.h"
#include "core/text/tokenizer.h"
#include "core/text/truth.h"
#include "core/train/recent_load.h"

namespace hopscope::core {

class TokenCloud {
  public:
    /// Puts the tokens of a pass behind those before.
    /// @param traced as TraceProbe::take() gives it, with positions
    /// @param next_loss [tokens] of that pass
    void add(std::vector<TraceLayer> traced, const std::vector<float>& next_loss);
    /// Hands all of them over to the snapshot: layers without their experts, and next_loss.
    void move_into(GeometrySnapshot& snapshot);

  private:
    std::vector<TraceLayer> layers_;
    std::vector<float> next_loss_;
};

/// Piece and label of each of the snapshot's token ids.
/// @param truth of a synthetic text, else null
void name_tokens(GeometrySnapshot& snapshot, const Tokenizer& tokenizer, const Truth* truth);

/// Number, centroids and load of the experts of every layer: unit rows, two sub-centroids counting
/// as their mean direction, none for routers without; a load of 0 where none was counted.
void set_experts(GeometrySnapshot& snapshot, const Model& model, const RecentLoad& load);

}  // namespace hopscope::core
