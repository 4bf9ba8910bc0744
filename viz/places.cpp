#include "viz/places.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace hopscope::viz {
namespace {

constexpr size_t kFitTokens = 4096;  ///< positions used in a fit; more are taken in even steps

bool usable(const core::LayerGeometry& g) {
    return g.experts > 1 && g.d_space > 0 &&
           g.centroids.size() == static_cast<size_t>(g.experts * g.d_space);
}

struct WeightedPoints {
    std::vector<float> points;   ///< [n, s]
    std::vector<float> weights;  ///< [n]
};

/// Centroids and a part of the tokens.
WeightedPoints cloud_of(const core::LayerGeometry& g) {
    const size_t dim = static_cast<size_t>(g.d_space), experts = static_cast<size_t>(g.experts);
    const size_t tokens = g.positions.size() / dim;
    const size_t stride = std::max<size_t>(1, (tokens + kFitTokens - 1) / kFitTokens);
    WeightedPoints out{g.centroids, std::vector<float>(experts, 1.0f)};
    for (size_t i = 0; i < tokens; i += stride)
        out.points.insert(out.points.end(), g.positions.begin() + static_cast<long>(i * dim),
                          g.positions.begin() + static_cast<long>((i + 1) * dim));
    const size_t taken = out.points.size() / dim - experts;
    if (taken > 0)
        out.weights.insert(out.weights.end(), taken,
                           static_cast<float>(experts) / static_cast<float>(taken));
    return out;
}

/// Of coordinate `at` of `values` [n, width], which belong to the points; those that are not finite
/// are left out.
double variance(const WeightedPoints& cloud, const std::vector<float>& values, size_t width,
                size_t at) {
    double weight = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < cloud.weights.size(); ++i) {
        const double value = static_cast<double>(values[i * width + at]);
        if (!std::isfinite(value)) continue;
        const auto w = static_cast<double>(cloud.weights[i]);
        weight += w;
        sum += w * value;
        squares += w * value * value;
    }
    return weight > 0 ? squares / weight - sum / weight * (sum / weight) : 0;
}

/// 1 / the radius that holds all but the outermost 2 % of the points [n, 3].
float unit_scale(std::span<const float> points) {
    std::vector<float> radius(points.size() / kAxes);
    for (size_t i = 0; i < radius.size(); ++i) {
        const float* p = &points[i * kAxes];
        radius[i] = std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    }
    std::erase_if(radius, [](float r) { return !std::isfinite(r); });
    if (radius.empty()) return 1;
    const auto at = radius.begin() + static_cast<long>((radius.size() - 1) * 98 / 100);
    std::nth_element(radius.begin(), at, radius.end());
    return *at > 1e-6f ? 1 / *at : 1.0f;
}

}  // namespace

Basis fit_layer(const core::LayerGeometry& g, int64_t step) {
    if (!usable(g)) return {};
    const WeightedPoints cloud = cloud_of(g);
    Basis basis = fit_pca(cloud.points, g.d_space, cloud.weights);
    basis.step = step;
    return basis;
}

std::array<double, kAxes> variance_along(const Basis& basis, const core::LayerGeometry& g) {
    std::array<double, kAxes> share{};
    if (!usable(g) || basis.dim != g.d_space) return share;
    const WeightedPoints cloud = cloud_of(g);
    const auto dim = static_cast<size_t>(g.d_space);
    double total = 0;
    for (size_t d = 0; d < dim; ++d) total += variance(cloud, cloud.points, dim, d);
    if (!(total > 0)) return share;
    const std::vector<float> along = project(basis, cloud.points);
    for (size_t i = 0; i < share.size(); ++i) share[i] = variance(cloud, along, kAxes, i) / total;
    return share;
}

const LayerPlace& Places::layer(int64_t index) const {
    static const LayerPlace kNone;
    return index >= 0 && index < layers() ? layers_[static_cast<size_t>(index)] : kNone;
}

void Places::place_centroids(const core::GeometrySnapshot& snapshot, size_t layer) {
    LayerPlace& place = layers_[layer];
    const auto& g = snapshot.layers[layer];
    progress_[layer].projected = snapshot.version;
    if (!usable(g) || place.basis.dim != g.d_space) {
        place.centroids.clear();
        return;
    }
    place.centroids = project(place.basis, g.centroids);
    for (float& v : place.centroids) v *= place.scale;
    ++version_;
}

/// Aligned to the basis `beside`, where that is one of the same space.
void Places::fit(const core::GeometrySnapshot& to, const Basis& beside, size_t layer,
                 bool provisional) {
    LayerPlace& place = layers_[layer];
    const Basis fresh = fit_layer(to.layers[layer], to.step);
    if (!fresh.valid()) return;
    place.basis = aligned(fresh, beside);
    place.scale = unit_scale(project(place.basis, to.layers[layer].centroids));
    place.provisional = provisional;
    ++place.version;
}

bool Places::update(const core::GeometrySnapshot& snapshot, const Anchors& anchors,
                    int64_t wanted) {
    if (layers_.size() != snapshot.layers.size()) {
        layers_.assign(snapshot.layers.size(), {});
        progress_.assign(snapshot.layers.size(), {});
    }
    const auto same_space = [&](const core::GeometrySnapshot* other, size_t i) {
        return other && i < other->layers.size() && usable(other->layers[i]) &&
               other->layers[i].d_space == snapshot.layers[i].d_space;
    };
    const auto needs_fit = [&](size_t i) {
        const LayerPlace& place = layers_[i];
        if (!usable(snapshot.layers[i])) return false;
        if (place.provisional && same_space(anchors.settled, i)) return !progress_[i].settled;
        const bool other_space =
            place.basis.valid() && place.basis.dim != snapshot.layers[i].d_space;
        return (place.provisional || other_space) && progress_[i].fitted != snapshot.version;
    };
    size_t chosen = layers_.size();
    for (size_t i = 0; i < layers_.size(); ++i) {
        if (!needs_fit(i)) continue;
        if (chosen == layers_.size() || static_cast<int64_t>(i) == wanted) chosen = i;
    }
    if (chosen < layers_.size()) {
        const bool settled = same_space(anchors.settled, chosen);
        const auto& to = settled ? *anchors.settled : snapshot;
        Progress& progress = progress_[chosen];
        const bool refers = same_space(anchors.first, chosen) && anchors.first != &to;
        if (refers && progress.referred != anchors.first->step) {
            progress.reference = fit_layer(anchors.first->layers[chosen], anchors.first->step);
            progress.referred = anchors.first->step;
            return true;  // the next call fits beside it
        }
        Basis beside = layers_[chosen].basis;
        if (anchors.first == &to) beside = {};
        if (refers) beside = progress.reference;
        fit(to, beside, chosen, !settled);
        progress.fitted = snapshot.version;
        progress.projected = 0;
        progress.settled = settled;
    }
    bool more = false;
    for (size_t i = 0; i < layers_.size(); ++i) {
        if (progress_[i].projected != snapshot.version) place_centroids(snapshot, i);
        more = more || needs_fit(i);
    }
    return more;
}

void Places::refit(const core::GeometrySnapshot& snapshot, int64_t layer) {
    if (layer < 0 || layer >= layers() || snapshot.layers.size() != layers_.size()) return;
    const auto i = static_cast<size_t>(layer);
    fit(snapshot, Basis(layers_[i].basis), i, false);
    place_centroids(snapshot, i);
}

Rgb Places::expert_color(int64_t layer_index, int64_t expert, bool dark) const {
    const auto& points = layer(layer_index).centroids;
    if (expert >= 0 && static_cast<size_t>(expert) < points.size() / kAxes) {
        const float* p = &points[static_cast<size_t>(expert * kAxes)];
        return place_color(p[0], p[1], p[2], dark);
    }
    const float angle = static_cast<float>(expert % 4096) * 2.39996323f;
    return place_color(0.8f * std::cos(angle), 0.8f * std::sin(angle), 0, dark);
}

}  // namespace hopscope::viz
