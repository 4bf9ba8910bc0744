// The page "overlap": how much the routing of the same tokens stays the same from hop to hop, in
// every layer, and from step to step. Owned by the statistics panel, window thread only.
#pragma once

#include <string>

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/made_aside.h"
#include "app/panels/statistics/view.h"

namespace hopscope::app {

class OverlapPage {
  public:
    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, const SnapshotLayer& place, bool seen);
    void forget() { made_.forget(); }
    bool making() const { return made_.behind(); }
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    bool has_numbers(const SnapshotLayer& place) const;
    std::string csv(const SnapshotLayer& place, const core::MoeConfig& moe) const;

  private:
    /// Of all tokens of a sample: some tens of milliseconds where it is large.
    struct Numbers {
        int64_t layer = -1, step = -1, tokens = 0;  ///< what they are of
        LayerOverlap layers;
        StepOverlap steps;
    };
    /// Whether those that are there are of the layer.
    bool ready(const SnapshotLayer& place) const {
        return made_.numbers().layer == static_cast<int64_t>(place.layer);
    }

    MadeAside<Numbers> made_;
};

/// The matrix of all pairs of hops of the layer.
void draw_hops(AppState& state, const SnapshotLayer& place, Area area);
/// "n 512 tokens, 95 % 0.31 to 0.35", as far as it is known.
std::string sample_text(const viz::SampledMean& sampled);
/// Whether there is such a matrix: several hops, and their overlap in the snapshot.
bool has_hops(const SnapshotLayer& place);
/// The same as a table; "" without.
std::string hops_csv(const SnapshotLayer& place, const core::MoeConfig& moe);

}  // namespace hopscope::app
