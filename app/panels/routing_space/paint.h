// How the points of the routing space look: colour, size and opacity, each assigned from a
// quantity. Pure values, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "viz/colour.h"
#include "viz/places.h"
#include "viz/point_renderer.h"
#include "viz/quantity.h"

namespace hopscope::app {

/// How the points of a class look: twelve colours, and with each round another glyph, so that no
/// two of the first 48 classes look alike.
struct ClassMark {
    viz::Rgb color;
    viz::Glyph glyph = viz::Glyph::disc;
    bool operator==(const ClassMark&) const = default;
};
ClassMark class_mark(size_t i, bool dark);
/// Parts of one ramp, without the end that the ground of the theme swallows.
/// The ground that points are drawn on, and the colours of values there.
struct Tone {
    bool dark = true;
    viz::ColourMap map = viz::ColourMap::automatic;

    Tone() = default;
    Tone(bool ground, viz::ColourMap of = viz::ColourMap::automatic)  // NOLINT: a ground is one
        : dark(ground), map(of) {}
    bool operator==(const Tone&) const = default;
};
viz::Rgb hop_color(int64_t hop, int64_t hops, Tone tone);
viz::Rgb value_color(float share, Tone tone);  ///< of a value, 0 … 1 of its range

/// What is assigned from which quantity.
struct SpaceLook {
    const viz::Quantity* color = nullptr;                    ///< null: by place
    const viz::Quantity* size = viz::find_quantity("load");  ///< null: all alike
    const viz::Quantity* alpha = nullptr;                    ///< null: all alike
    bool operator==(const SpaceLook&) const = default;
};

using SharedValues = std::shared_ptr<const viz::QuantityValues>;
/// The values behind a look; null where there is no quantity, or its values are not there yet.
struct LookValues {
    SharedValues color, size, alpha;
    bool operator==(const LookValues&) const = default;
};
LookValues values_of(const SpaceLook& look, const core::GeometrySnapshot& snapshot, size_t layer);

/// Paints the points of one picture. It refers to what it is made from.
class SpacePaint {
  public:
    struct Ground {
        const viz::Places& places;
        int64_t layer = 0, experts = 0;
        Tone tone;
        float scale = 1;          ///< of sizes
        uint32_t background = 0;  ///< outline of centroids
        float tokens = 1;         ///< how many are shown: many must not become one grey mass
    };
    SpacePaint(const SpaceLook& look, const LookValues& values, const Ground& ground);

    void expert(viz::Point& point, int64_t index) const;
    /// `place` [3]: where the token lies in the frozen basis of the layer, times its scale.
    void token(viz::Point& point, const viz::PointItem& item, const float* place) const;
    viz::Rgb expert_color(int64_t index) const;

  private:
    ClassMark mark_of(float value) const;

    const SpaceLook& look_;
    const LookValues& values_;
    Ground ground_;
    float crowd_alpha_ = 1;
};

}  // namespace hopscope::app
