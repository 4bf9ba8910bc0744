// A quantity is what can be seen of points besides where they lie: a name, a unit and one value for
// each point that has it. Colour, size and opacity are each assigned from one. A new quantity is a
// class in quantity.cpp and its line in the table there. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::viz {

/// What a point stands for: the centroid of an expert, or the position of a token at a hop.
struct PointItem {
    bool expert = false;
    int64_t index = 0;  ///< expert, or token of the probe sample
    int64_t hop = 0;    ///< of a token's position
    bool operator==(const PointItem&) const = default;
};

/// Tokens of the probe sample that the layer has positions of, 0 where it has none.
int64_t tokens_of(const core::LayerGeometry& layer);

/// How values are to be read.
enum class QuantityKind : uint8_t {
    scalar,   ///< a number
    ordered,  ///< one of a few, in an order
    classes,  ///< one of a few, in no order
    experts,  ///< the number of an expert
};

/// The values of one quantity in one layer; NaN where a point has none.
struct QuantityValues {
    std::vector<float> experts;           ///< [experts]; empty: no expert has a value
    std::vector<float> tokens;            ///< [hops, tokens]; empty: no token has one
    std::vector<std::string> categories;  ///< of classes and ordered ones: value i is this one
    std::vector<int64_t> counts;          ///< [categories] points of each
    int64_t sample = 0;                   ///< tokens of the probe sample, the stride of `tokens`
    int64_t n = 0;                        ///< points that have a value
    float low = 0, high = 0;              ///< of all values that are finite

    float of(const PointItem& item) const;
    /// Where a value lies between `low` and `high`, 0 … 1; NaN for none, ½ where all are the same.
    float share(float value) const;
};

class Quantity {
  public:
    virtual ~Quantity() = default;
    /// One word, unique; the window's menus and find_quantity() have it.
    virtual const char* name() const = 0;
    virtual const char* unit() const { return ""; }
    /// What it is, as a sentence.
    virtual const char* help() const = 0;
    virtual QuantityKind kind() const { return QuantityKind::scalar; }
    /// Whether only imported models have it, so that others need not offer it.
    virtual bool of_imported() const { return false; }
    /// Whether it takes longer than a frame where there are many points.
    virtual bool costly() const { return false; }
    /// Where the axis of the values begins, if not at the lowest; NaN: at the lowest.
    virtual float floor() const { return core::kNaN; }
    /// Why nothing in the snapshot's layer has a value, as a sentence; "" where something may.
    virtual std::string lacks(const core::GeometrySnapshot&, size_t /*layer*/) const { return {}; }
    /// Of a layer that exists in the snapshot; whatever does not fit together has no value.
    QuantityValues of(const core::GeometrySnapshot& snapshot, size_t layer) const;

  protected:
    virtual void fill(QuantityValues& values, const core::GeometrySnapshot& snapshot,
                      const core::LayerGeometry& layer) const = 0;
};

/// All there are, in the order of the menus; they live as long as the program.
std::span<const Quantity* const> quantities();
/// nullptr if there is none of that name.
const Quantity* find_quantity(std::string_view name);

}  // namespace hopscope::viz
