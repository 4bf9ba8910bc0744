// Where each expert lies: one frozen basis a layer, and from it the colour that an expert has in
// every panel. Owned by the window's state and updated on the window thread; plain values.
#pragma once

#include <array>
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
    bool provisional = true;  ///< follows the snapshots until there is a settled one
    uint64_t version = 0;     ///< grows with every fit
    std::vector<float> centroids;  ///< [experts, 3] coordinates × scale of the newest snapshot
};

/// Centroids and tokens (all hops) of a layer weigh the same in total, whatever their numbers.
Basis fit_layer(const core::LayerGeometry& layer, int64_t step);
/// Part of the variance of the same points that lies along each axis of a basis, which may have
/// been fitted to another snapshot: 0 … 1; zeros where the layer has no such space.
std::array<double, kAxes> variance_along(const Basis& basis, const core::LayerGeometry& layer);

/// The snapshots that the bases of a run rest on. They are the run's own, so that its places are
/// the same whenever and wherever it is looked at; null before there are any.
struct Anchors {
    /// The axes are turned as near to its own as they can be.
    const core::GeometrySnapshot* first = nullptr;
    /// The bases are frozen to it.
    const core::GeometrySnapshot* settled = nullptr;
};

class Places {
  public:
    /// Takes a snapshot: fits what has no basis and projects the centroids of all layers. A basis
    /// is provisional and fitted anew to each snapshot until there is a settled one, which freezes
    /// it. At most one layer is fitted a call, `wanted` first, so that a frame stays short.
    /// → whether more remains to be done with this snapshot.
    bool update(const core::GeometrySnapshot& snapshot, const Anchors& anchors, int64_t wanted);
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
    void fit(const core::GeometrySnapshot& to, const Basis& beside, size_t layer, bool provisional);
    void place_centroids(const core::GeometrySnapshot& snapshot, size_t layer);

    struct Progress {
        uint64_t fitted = 0, projected = 0;  ///< snapshot versions
        bool settled = false;                ///< it was fitted to the settled one
        Basis reference;                     ///< of the first snapshot, which others are aligned to
        int64_t referred = -1;               ///< step of that snapshot
    };
    std::vector<LayerPlace> layers_;
    std::vector<Progress> progress_;
    uint64_t version_ = 0;
};

}  // namespace hopscope::viz
