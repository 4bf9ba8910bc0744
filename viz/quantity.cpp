#include "viz/quantity.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "viz/nearest_two.h"

namespace hopscope::viz {
namespace {

size_t positions_of(const core::LayerGeometry& g) {
    return static_cast<size_t>(g.hops * tokens_of(g));
}

bool has_centroids(const core::LayerGeometry& g) {
    return g.experts > 0 && g.d_space > 0 &&
           g.centroids.size() == static_cast<size_t>(g.experts * g.d_space);
}

/// The expert of largest weight at each position, [hops, tokens]; −1 where there is none.
std::vector<int64_t> first_choices(const core::LayerGeometry& g) {
    std::vector<int64_t> out(positions_of(g), -1);
    const auto k = static_cast<size_t>(std::max<int64_t>(g.top_k, 0));
    if (k == 0 || g.choices.size() != out.size() * k) return out;
    for (size_t i = 0; i < out.size(); ++i) {
        const int64_t expert = g.choices[i * k];
        if (expert >= 0 && expert < g.experts) out[i] = expert;
    }
    return out;
}

/// Layers with names of their own are those of an imported model.
bool is_imported(const core::GeometrySnapshot& snapshot) {
    return !snapshot.layers.empty() && !snapshot.layers.front().name.empty();
}

class ChosenExpert final : public Quantity {
    const char* name() const override { return "expert"; }
    const char* help() const override {
        return "Of a token the expert of largest weight, of a centroid the expert itself.";
    }
    QuantityKind kind() const override { return QuantityKind::experts; }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        for (int64_t e = 0; e < g.experts; ++e) v.experts.push_back(static_cast<float>(e));
        for (const int64_t e : first_choices(g))
            v.tokens.push_back(e < 0 ? core::kNaN : static_cast<float>(e));
    }
};

class Load final : public Quantity {
    const char* name() const override { return "load"; }
    const char* unit() const override { return "\xC3\x97 uniform load"; }
    const char* help() const override {
        return "Of an expert: its share of all choices in the recent batches, or in the trace of "
               "an "
               "imported model, times the number of experts.";
    }
    float floor() const override { return 0; }
    std::string lacks(const core::GeometrySnapshot& snapshot, size_t layer) const override {
        const bool none = is_imported(snapshot) && layer < snapshot.layers.size() &&
                          snapshot.layers[layer].load.empty();
        return none ? "No choices of this router were recorded." : "";
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        for (const float share : g.load) v.experts.push_back(share * static_cast<float>(g.experts));
    }
};

class TokenClass final : public Quantity {
    const char* name() const override { return "class"; }
    const char* help() const override { return "Of a token: its label in the synthetic text."; }
    QuantityKind kind() const override { return QuantityKind::classes; }
    /// Labels by falling frequency, so that the most frequent get the first marks.
    void fill(QuantityValues& v, const core::GeometrySnapshot& snapshot,
              const core::LayerGeometry& g) const override {
        std::map<std::string, int64_t> count;
        for (const auto& c : snapshot.classes)
            if (!c.empty()) ++count[c];
        for (const auto& [label, n] : count) v.categories.push_back(label);
        std::stable_sort(v.categories.begin(), v.categories.end(),
                         [&](const auto& a, const auto& b) { return count[a] > count[b]; });
        std::map<std::string, float> value;
        for (size_t i = 0; i < v.categories.size(); ++i)
            value[v.categories[i]] = static_cast<float>(i);
        const auto tokens = static_cast<size_t>(v.sample);
        for (size_t i = 0; i < positions_of(g); ++i) {
            const size_t t = i % tokens;
            const auto found =
                t < snapshot.classes.size() ? value.find(snapshot.classes[t]) : value.end();
            v.tokens.push_back(found == value.end() ? core::kNaN : found->second);
        }
    }
};

class Hop final : public Quantity {
    const char* name() const override { return "hop"; }
    const char* help() const override { return "Of a token's position: the hop it belongs to."; }
    QuantityKind kind() const override { return QuantityKind::ordered; }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        for (int64_t h = 0; h < g.hops; ++h) {
            v.categories.push_back("hop " + std::to_string(h));
            v.tokens.insert(v.tokens.end(), static_cast<size_t>(v.sample), static_cast<float>(h));
        }
    }
};

class Margin final : public Quantity {
    const char* name() const override { return "margin"; }
    const char* unit() const override { return "difference of cosines"; }
    const char* help() const override {
        return "Of a token's position: cosine to the nearest centroid minus that to the second, 0 "
               "on the border of two regions [def:region_margin].";
    }
    bool costly() const override { return true; }
    float floor() const override { return 0; }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        const NearestTwo near = nearest_two(g);
        for (size_t i = 0; i < near.expert.size(); ++i)
            v.tokens.push_back(near.second[i] > -1.5f ? near.first[i] - near.second[i]
                                                      : core::kNaN);
    }
};

class OwnDistance final : public Quantity {
    const char* name() const override { return "distance"; }
    const char* unit() const override { return "degrees to its own centroid"; }
    const char* help() const override {
        return "Of a token's position: the angle to the centroid of its expert of largest weight.";
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        if (!has_centroids(g)) return;
        const auto dim = static_cast<Eigen::Index>(g.d_space);
        const auto own = first_choices(g);
        v.tokens.assign(own.size(), core::kNaN);
        for (size_t i = 0; i < own.size(); ++i) {
            if (own[i] < 0) continue;
            const Eigen::Map<const Eigen::VectorXf> at(
                g.positions.data() + static_cast<Eigen::Index>(i) * dim, dim);
            const Eigen::Map<const Eigen::VectorXf> centroid(
                g.centroids.data() + static_cast<Eigen::Index>(own[i]) * dim, dim);
            const float cosine = at.dot(centroid) / (at.norm() * centroid.norm());
            if (!std::isfinite(cosine)) continue;
            v.tokens[i] =
                std::acos(std::clamp(cosine, -1.0f, 1.0f)) * 180 / std::numbers::pi_v<float>;
        }
    }
};

class FirstWeight final : public Quantity {
    const char* name() const override { return "weight"; }
    const char* unit() const override { return "largest weight"; }
    const char* help() const override {
        return "Of a token's position: the weight of its first expert; near 1 where one decides.";
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        const size_t n = positions_of(g), k = static_cast<size_t>(std::max<int64_t>(g.top_k, 0));
        if (k == 0 || g.weights.size() != n * k) return;
        for (size_t i = 0; i < n; ++i) v.tokens.push_back(g.weights[i * k]);
    }
};

constexpr const char* kNotRecorded = "It is not in this trace.";

/// What a run has recorded since entropies and losses are part of a snapshot.
constexpr const char* kNotKept =
    "The snapshot of this step was written by an older version of the program, which did not keep "
    "it. Snapshots that are made from now on have it.";

class Entropy final : public Quantity {
    const char* name() const override { return "entropy"; }
    const char* unit() const override { return "nats"; }
    const char* help() const override {
        return "Of a token's position: how undecided the router is there, the entropy of its full "
               "softmax over the experts [def:entropy].";
    }
    float floor() const override { return 0; }
    std::string lacks(const core::GeometrySnapshot& snapshot, size_t layer) const override {
        if (layer >= snapshot.layers.size() || !snapshot.layers[layer].entropy.empty()) return {};
        if (is_imported(snapshot)) return kNotRecorded;
        // Both are kept since the same version.
        return snapshot.next_loss.empty() ? kNotKept
                                          : "The router of this layer has no probabilities.";
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        if (g.entropy.size() == positions_of(g)) v.tokens = g.entropy;
    }
};

class NextLoss final : public Quantity {
    const char* name() const override { return "loss"; }
    const char* unit() const override { return "nats"; }
    const char* help() const override {
        return "Of a token: the loss of the token that follows it, the same at all hops "
               "[def:next_loss].";
    }
    float floor() const override { return 0; }
    std::string lacks(const core::GeometrySnapshot& snapshot, size_t) const override {
        if (!snapshot.next_loss.empty()) return {};
        return is_imported(snapshot) ? "Recorded traces hold no losses." : kNotKept;
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot& snapshot,
              const core::LayerGeometry& g) const override {
        if (std::ssize(snapshot.next_loss) != v.sample) return;
        for (int64_t h = 0; h < g.hops; ++h)
            v.tokens.insert(v.tokens.end(), snapshot.next_loss.begin(), snapshot.next_loss.end());
    }
};

/// A number an expert that only imported models have.
class OfRow : public Quantity {
  public:
    OfRow(const char* name, const char* help, std::vector<float> core::LayerGeometry::*values,
          const char* lacking)
        : name_(name), help_(help), lacking_(lacking), values_(values) {}
    const char* name() const override { return name_; }
    const char* help() const override { return help_; }
    bool of_imported() const override { return true; }
    std::string lacks(const core::GeometrySnapshot& snapshot, size_t layer) const override {
        const bool has =
            layer < snapshot.layers.size() && !(snapshot.layers[layer].*values_).empty();
        return has ? "" : lacking_;
    }
    void fill(QuantityValues& v, const core::GeometrySnapshot&,
              const core::LayerGeometry& g) const override {
        v.experts = g.*values_;
    }

  private:
    const char *name_, *help_, *lacking_;
    std::vector<float> core::LayerGeometry::*values_;
};

void take_range(QuantityValues& v, float floor) {
    v.low = std::numeric_limits<float>::max();
    v.high = std::numeric_limits<float>::lowest();
    v.counts.assign(v.categories.size(), 0);
    for (auto* values : {&v.experts, &v.tokens})
        for (float& value : *values) {
            if (!std::isfinite(value)) {
                value = core::kNaN;
                continue;
            }
            ++v.n;
            v.low = std::min(v.low, value);
            v.high = std::max(v.high, value);
            const auto category = static_cast<size_t>(std::max(value, 0.0f));
            if (category < v.counts.size()) ++v.counts[category];
        }
    if (v.n == 0) v.low = v.high = 0;
    if (std::isfinite(floor)) v.low = std::min(v.low, floor);
}

}  // namespace

int64_t tokens_of(const core::LayerGeometry& g) {
    const int64_t row = g.hops * g.d_space;
    return row > 0 ? static_cast<int64_t>(g.positions.size()) / row : 0;
}

float QuantityValues::of(const PointItem& item) const {
    const auto& values = item.expert ? experts : tokens;
    const int64_t at = item.expert ? item.index : item.hop * sample + item.index;
    if (at < 0 || static_cast<size_t>(at) >= values.size()) return core::kNaN;
    return values[static_cast<size_t>(at)];
}

float QuantityValues::share(float value) const {
    if (!std::isfinite(value)) return core::kNaN;
    if (!(high > low)) return 0.5f;
    return std::clamp((value - low) / (high - low), 0.0f, 1.0f);
}

QuantityValues Quantity::of(const core::GeometrySnapshot& snapshot, size_t layer) const {
    QuantityValues values;
    if (layer >= snapshot.layers.size()) return values;
    const core::LayerGeometry& g = snapshot.layers[layer];
    values.sample = tokens_of(g);
    fill(values, snapshot, g);
    values.experts.resize(std::min(values.experts.size(), static_cast<size_t>(g.experts)));
    take_range(values, floor());
    return values;
}

std::span<const Quantity* const> quantities() {
    static const ChosenExpert kExpert;
    static const Load kLoad;
    static const TokenClass kClass;
    static const Hop kHop;
    static const Margin kMargin;
    static const OwnDistance kDistance;
    static const FirstWeight kWeight;
    static const Entropy kEntropy;
    static const NextLoss kLoss;
    static const OfRow kLength(
        "length", "Of an expert's row: its length before it became a direction.",
        &core::LayerGeometry::row_length, "Only the rows of an imported model have a length.");
    static const OfRow kBias("bias", "Of an expert: what the router adds to its logit.",
                             &core::LayerGeometry::bias,
                             "The router of this layer adds no bias to its logits.");
    static const OfRow kCorrection(
        "correction", "Of an expert: what is added to its score for the choice alone.",
        &core::LayerGeometry::correction, "The choices of this layer are not corrected.");
    static const Quantity* const kAll[] = {&kLoad,   &kClass,    &kHop,    &kExpert,
                                           &kMargin, &kDistance, &kWeight, &kEntropy,
                                           &kLoss,   &kLength,   &kBias,   &kCorrection};
    return kAll;
}

const Quantity* find_quantity(std::string_view name) {
    for (const Quantity* q : quantities())
        if (q->name() == name) return q;
    return nullptr;
}

}  // namespace hopscope::viz
