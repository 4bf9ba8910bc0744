// move_centroid: a centroid put elsewhere, in a copy of the weights. In training it is a change of
// the weights themselves.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/api/needs.h"
#include "core/config/arithmetic.h"
#include "core/probe/intervention_kind.h"
#include "core/probe/random_control.h"
#include "core/probe/trace.h"

namespace hopscope::core {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> row_of(const at::Tensor& rows, int64_t expert) {
    const auto row = floats(rows.select(0, expert));
    return {row.begin(), row.end()};
}

/// Unit, drawn evenly; where `normal` is given, at right angles to it (a unit vector).
std::vector<double> drawn_direction(size_t n, const std::vector<double>* normal, Random& random) {
    std::vector<double> out(n);
    // Sum of uniforms: near enough to a normal draw for a direction, the same everywhere.
    for (auto& x : out) x = random.unit() + random.unit() + random.unit() + random.unit() - 2.0;
    const double along = normal ? dot(out, *normal) : 0.0;
    for (size_t i = 0; i < n && normal; ++i) out[i] -= along * (*normal)[i];
    const double length = std::sqrt(dot(out, out));
    for (auto& x : out) x /= length > 0 ? length : 1.0;
    return out;
}

using Place = std::vector<double>;  // [s]

const Place& place_of(const LayerAction& edit) {
    return *std::any_cast<Place>(&edit.own);
}

/// @param centroids [M, s] or [M, 2, s] (both of the pair)
void put(const LayerAction& edit, at::Tensor& centroids) {
    const Place& to = place_of(edit);
    for (const int64_t e : edit.experts) {
        auto row = centroids.select(0, e);
        for (size_t i = 0; i < to.size(); ++i) row.select(-1, static_cast<int64_t>(i)).fill_(to[i]);
    }
}

/// Where another centroid of the layer goes, as far in a random direction: by the same distance
/// where centroids are points (plain K-Means), by the same angle where only directions count.
Place other_place(const LayerAction& edit, const ControlDraw& draw) {
    const auto& w = draw.model.weights.layers[static_cast<size_t>(edit.layer)];
    const bool points = !draw.model.config.moe.is_spherical();
    const auto rows = points ? w.centroids.detach() : router_rows(w);
    const int64_t expert = edit.experts.front();
    const Place& to = place_of(edit);
    const auto from = row_of(rows, expert);
    const auto start = row_of(rows, draw.other_than(edit.layer, expert));
    const auto direction = drawn_direction(start.size(), points ? nullptr : &start, draw.random);
    double along = 1, across = 0;  // of start and of the direction
    if (points) {
        for (size_t i = 0; i < from.size(); ++i) across += std::pow(to[i] - from[i], 2);
        across = std::sqrt(across);
    } else {
        along = std::clamp(dot(from, to) / std::sqrt(dot(to, to)), -1.0, 1.0);
        across = std::sqrt(1 - along * along);
    }
    Place out(start.size());
    for (size_t i = 0; i < start.size(); ++i) out[i] = along * start[i] + across * direction[i];
    return out;
}

class MoveCentroid : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        auto layers = reader.layers();
        if (!layers) return layers.error();
        auto experts = reader.experts();
        if (!experts) return experts.error();
        const Config& config = reader.model.config;
        if (const auto why = missing(Need::centroids, config)) return reader.wrong(*why);
        if (reader.command.has("hops") || reader.command.has("tokens"))
            return reader.wrong("moves a centroid for all hops and tokens; leave the scope out");
        const auto found = reader.command.args.find("to");
        const auto* to = std::get_if<std::vector<double>>(&found->second);
        if (!to || static_cast<int64_t>(to->size()) != routing_width(config))
            return reader.wrong("\"to\" has " + std::to_string(to ? to->size() : 0) +
                                " numbers, the routing space has " +
                                std::to_string(routing_width(config)));
        // Shorter ones lose their direction in fp32.
        constexpr double kShortest = 1e-6;
        if (std::sqrt(dot(*to, *to)) < kShortest)
            return reader.wrong(
                "\"to\" is shorter than 1e-6 (the zero vector has no direction at "
                "all); give a longer one");
        for (const int64_t l : *layers)
            for (const int64_t e : *experts) {
                LayerAction edit = reader.action(l);
                edit.experts = {e};
                edit.own = *to;
                reader.plan.edits.push_back(std::move(edit));
            }
        return {};
    }

    void edit(const LayerAction& edit, const Weights& weights, Weights& out) const override {
        const auto l = static_cast<size_t>(edit.layer);
        auto& centroids = out.layers[l].centroids;
        const auto& before = weights.layers[l].centroids;
        if (centroids.is_same(before)) centroids = before.detach().clone();
        put(edit, centroids);
    }

    void redraw(LayerAction& edit, const ControlDraw& draw) const override {
        edit.own = other_place(edit, draw);
    }

    void settle(const LayerAction& edit, const Learner& learner) const override {
        const auto l = static_cast<size_t>(edit.layer);
        put(edit, learner.weights.layers[l].centroids);
        // Momentum gathered at the old place would carry it on from the new one; how large
        // gradients are is still known.
        for (const int64_t e : edit.experts) learner.m.layers[l].centroids.select(0, e).zero_();
    }
};

}  // namespace

const InterventionKind& move_centroid_intervention() {
    static const MoveCentroid kind;
    return kind;
}

}  // namespace hopscope::core
