// Where each expert lies: one frozen basis a layer, and from it the colour that an expert has in
// every panel. Owned by the window's state and updated on the window thread; plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/colour.h"
#include "viz/pca.h"

namespace hopscope::viz {

/// The space of one layer as all pictures use it.
struct LayerPlace {
    Basis basis;              ///< invalid: the layer has no positions, or none has come yet
    float scale = 1;          ///< coordinates × scale: the centroids of the fit fill the unit ball
    bool provisional = true;  ///< fitted before the routing had begun to settle; fitted anew since
    uint64_t version = 0;     ///< grows with every fit
    std::vector<float> centroids;  ///< [experts, 3] coordinates × scale of the newest snapshot
};

/// Centroids and tokens (all hops) of a layer weigh the same in total, whatever their numbers.
Basis fit_layer(const core::LayerGeometry& layer, int64_t step);

class Places {
  public:
    /// Takes a snapshot: fits what has no basis, fits provisional ones anew (aligned), projects the
    /// centroids of all layers. Up to `freeze_step` a basis stays provisional; the first snapshot
    /// at or after it freezes it. At most one layer is fitted a call, `wanted` first, so that a
    /// frame stays short. → whether more remains to be done with this snapshot.
    bool update(const core::GeometrySnapshot& snapshot, int64_t freeze_step, int64_t wanted);
    /// Fits the basis of `layer` to the snapshot, aligned to the old one, and freezes it.
    void refit(const core::GeometrySnapshot& snapshot, int64_t layer);

    int64_t layers() const { return static_cast<int64_t>(layers_.size()); }
    /// An empty place for a layer out of range.
    const LayerPlace& layer(int64_t index) const;
    /// Colour by place; where the layer has no space, by index (hues apart by the golden angle).
    Rgb expert_color(int64_t layer, int64_t expert, bool dark) const;
    /// Changes whenever a colour may have changed.
    uint64_t version() const { return version_; }

  private:
    void fit(const core::GeometrySnapshot& snapshot, size_t layer, bool provisional);
    void place_centroids(const core::GeometrySnapshot& snapshot, size_t layer);

    struct Progress {
        uint64_t fitted = 0, projected = 0;  ///< snapshot versions
    };
    std::vector<LayerPlace> layers_;
    std::vector<Progress> progress_;
    uint64_t version_ = 0;
};

}  // namespace hopscope::viz
