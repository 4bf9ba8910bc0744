// Two aligned tokens hop by hop: how many experts their choices share, which ones, and the same
// over all aligned tokens beside pairs that do not stand below each other. Owned by the trajectory
// panel, window thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "app/panels/trajectory/alignment.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class PairTable {
  public:
    /// Where two traces are there. `hops`: of each of the view's columns. A click on a row chooses
    /// its layer and hop.
    static void draw(AppState& state, const TraceView& view, const Alignment& pairs,
                     const std::vector<PairedHop>& hops);

  private:
    struct Pair;
    static void draw_row(AppState& state, const Pair& pair, const HopColumn& at,
                         const PairedHop& hop);
    static void draw_experts(const AppState& state, const Pair& pair, const HopColumn& at);
};

/// The experts of a layer and hop that both tokens choose, and those of one alone, each by falling
/// weight of its own token.
struct SharedExperts {
    std::vector<int64_t> first, both, second;
};
SharedExperts shared_experts(const core::TraceResult& first, int64_t a,
                             const core::TraceResult& second, int64_t b, const HopColumn& at);

}  // namespace hopscope::app
