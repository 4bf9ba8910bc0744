#include "app/panels/routing_space/view.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hopscope::app {
namespace {

using viz::Rgb;
using viz::Vec2;
using viz::Vec3;

constexpr int kCircleParts = 160;
constexpr int64_t kFewPoints = 20'000;  ///< of tokens at hops

bool usable(const core::LayerGeometry& g, const viz::Basis& basis) {
    return basis.valid() && basis.dim == g.d_space && g.experts > 0 &&
           g.centroids.size() == static_cast<size_t>(g.experts * g.d_space);
}

Vec3 moved(Vec3 p, int axis, float by) {
    (axis == 0 ? p.x : axis == 1 ? p.y : p.z) += by;
    return p;
}

void add_line(SpaceView& p, Vec3 a, Vec3 b, uint32_t c0, uint32_t c1, float width) {
    p.lines.push_back({a.x, a.y, a.z, b.x, b.y, b.z, c0, c1, width});
}

/// The unit circle in the plane of two axes.
void add_circle(SpaceView& p, const SpaceOptions& o, int i, int j) {
    Vec3 last = moved(p.origin, i, 1);
    for (int part = 1; part <= kCircleParts; ++part) {
        const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(part) /
                            static_cast<float>(kCircleParts);
        const Vec3 next = moved(moved(p.origin, i, std::cos(angle)), j, std::sin(angle));
        add_line(p, last, next, o.guide, o.guide, o.scale);
        last = next;
    }
}

/// The circle, or the three of the sphere, and the axes.
void add_guides(SpaceView& p, const SpaceOptions& o) {
    const int axes = o.solid ? 3 : 2;
    for (int i = 0; i < axes; ++i)
        for (int j = i + 1; j < axes; ++j) add_circle(p, o, i, j);
    for (int i = 0; i < axes; ++i)
        add_line(p, moved(p.origin, i, -1), moved(p.origin, i, 1), o.guide, o.guide, o.scale);
}

/// Opacity of a tail, `newness` 0 at its far end and 1 at the centroid. Thin lines lose more on a
/// light ground.
float tail_alpha(float newness, bool dark) {
    return dark ? 0.15f + 0.45f * newness : 0.3f + 0.6f * newness;
}

bool is_hidden(const SpaceOptions& o, size_t expert) {
    return o.hidden && o.hidden->experts.contains(static_cast<int64_t>(expert));
}

void add_trails(SpaceView& p, const Past& past, size_t trail, const SpaceOptions& o,
                const SpacePaint& paint) {
    const size_t count = std::min(trail + 1, past.size());
    if (count < 2) return;
    p.tail_from = past[past.size() - count]->step;
    const size_t experts = p.coords.size() / 3;
    std::vector<Rgb> colors;
    for (size_t e = 0; e < experts; ++e)
        colors.push_back(paint.expert_color(static_cast<int64_t>(e)));
    std::vector<float> before;
    for (size_t k = 0; k < count; ++k) {
        const core::GeometrySnapshot& snapshot = *past[past.size() - count + k];
        const auto& centroids = snapshot.layers[static_cast<size_t>(o.layer)].centroids;
        std::vector<float> now = viz::project(p.basis, centroids);
        if (!before.empty()) {
            const float parts = static_cast<float>(count - 1);
            const float a0 = tail_alpha(static_cast<float>(k - 1) / parts, o.dark);
            const float a1 = tail_alpha(static_cast<float>(k) / parts, o.dark);
            for (size_t e = 0; e < experts; ++e) {
                if (is_hidden(o, e)) continue;
                const float *a = &before[3 * e], *b = &now[3 * e];
                add_line(p, {a[0], a[1], a[2]}, {b[0], b[1], b[2]}, viz::packed(colors[e], a0),
                         viz::packed(colors[e], a1), (o.dark ? 1.3f : 1.8f) * o.scale);
            }
        }
        before = std::move(now);
    }
}

void add_tokens(SpaceView& p, const core::GeometrySnapshot& snapshot, const viz::LayerPlace& place,
                const SpaceOptions& o, const SpacePaint& paint) {
    const auto& g = snapshot.layers[static_cast<size_t>(o.layer)];
    const auto tokens = static_cast<size_t>(viz::tokens_of(g));
    const std::vector<float> at = viz::project(p.basis, g.positions);
    // The colour of a place is that of the frozen basis, whatever axes are shown.
    const bool same = o.axes.kind == viz::AxesKind::principal;
    const bool by_place = !o.look.color && !same;
    const std::vector<float> other =
        by_place ? viz::project(place.basis, g.positions) : std::vector<float>();
    const std::vector<float>& places = by_place ? other : at;
    std::vector<bool> hidden(tokens, false);
    if (!o.hidden_classes.empty())
        for (size_t t = 0; t < std::min(tokens, snapshot.classes.size()); ++t)
            hidden[t] = std::find(o.hidden_classes.begin(), o.hidden_classes.end(),
                                  snapshot.classes[t]) != o.hidden_classes.end();
    if (o.hidden)
        for (const int64_t t : o.hidden->tokens)
            if (t >= 0 && static_cast<size_t>(t) < tokens) hidden[static_cast<size_t>(t)] = true;
    for (int64_t h = 0; h < g.hops; ++h) {
        if (o.hop >= 0 && h != o.hop) continue;
        for (size_t t = 0; t < tokens; ++t) {
            if (hidden[t]) continue;
            const size_t row = (static_cast<size_t>(h) * tokens + t) * 3;
            const float place_at[] = {places[row] * place.scale, places[row + 1] * place.scale,
                                      places[row + 2] * place.scale};
            const SpaceItem item{false, static_cast<int64_t>(t), h};
            viz::Point point;
            point.x = at[row];
            point.y = at[row + 1];
            point.z = at[row + 2];
            paint.token(point, item, place_at);
            p.points.push_back(point);
            p.items.push_back(item);
        }
    }
}

constexpr float kFaint = 0.18f;  ///< alpha of centroids outside a filter

/// With its alpha times `share`.
uint32_t thinner(uint32_t color, float share) {
    const auto alpha = static_cast<uint32_t>(static_cast<float>(color >> 24) * share);
    return (color & 0x00FFFFFFu) | (alpha << 24);
}

void add_centroids(SpaceView& p, const SpaceOptions& o, const SpacePaint& paint) {
    p.sizes.assign(p.coords.size() / 3, 0.0f);
    for (size_t e = 0; e < p.sizes.size(); ++e) {
        if (is_hidden(o, e)) continue;
        viz::Point point;
        point.x = p.coords[3 * e];
        point.y = p.coords[3 * e + 1];
        point.z = p.coords[3 * e + 2];
        paint.expert(point, static_cast<int64_t>(e));
        if (e < o.hits.size() && o.hits[e] == 0) point.color = thinner(point.color, kFaint);
        p.sizes[e] = point.size;
        p.points.push_back(point);
        p.items.push_back({true, static_cast<int64_t>(e), 0});
    }
}

void close_view(SpaceView& p) {
    constexpr float kFar = std::numeric_limits<float>::max();
    p.low = {kFar, kFar};
    p.high = {-kFar, -kFar};
    std::vector<Vec2> at;
    std::vector<float> radius;
    for (const auto& point : p.points) {
        at.push_back({point.x, point.y});
        radius.push_back(point.size / 2);
        if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
        p.low = {std::min(p.low.x, point.x), std::min(p.low.y, point.y)};
        p.high = {std::max(p.high.x, point.x), std::max(p.high.y, point.y)};
    }
    p.grid = viz::HitGrid(std::move(at), std::move(radius));
}

}  // namespace

bool has_many_points(const core::GeometrySnapshot& snapshot, size_t layer) {
    if (layer >= snapshot.layers.size()) return false;
    const core::LayerGeometry& g = snapshot.layers[layer];
    return g.hops * viz::tokens_of(g) > kFewPoints;
}

SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& o, const LookValues& values) {
    SpaceView p;
    if (past.empty()) return p;
    const core::GeometrySnapshot& snapshot = *past.back();
    if (o.layer < 0 || static_cast<size_t>(o.layer) >= snapshot.layers.size()) return p;
    const auto& g = snapshot.layers[static_cast<size_t>(o.layer)];
    p.layer = o.layer;
    const viz::LayerPlace& place = places.layer(o.layer);
    if (!usable(g, place.basis)) return p;
    p.basis = viz::basis_of(o.axes, g, place.basis);
    if (!p.basis.valid()) return p;

    p.axes = o.axes;
    p.solid = o.solid;
    p.values = values;
    p.axis_names = viz::axis_names(o.axes);
    p.coords = viz::project(p.basis, g.centroids);
    p.variance = viz::variance_along(p.basis, g);
    const std::vector<float> zero(static_cast<size_t>(g.d_space), 0.0f);
    const auto origin = viz::project(p.basis, zero);
    p.origin = {origin[0], origin[1], origin[2]};
    const int64_t shown_hops = o.hop < 0 ? g.hops : 1;
    const SpacePaint paint(o.look, p.values,
                           {places,
                            o.layer,
                            g.experts,
                            {o.dark, o.map},
                            o.scale,
                            o.background,
                            static_cast<float>(viz::tokens_of(g) * shown_hops)});
    add_guides(p, o);
    add_trails(p, past, trail, o, paint);
    if (o.tokens) add_tokens(p, snapshot, place, o, paint);
    add_centroids(p, o, paint);
    close_view(p);
    return p;
}

SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& o) {
    LookValues values;
    if (!past.empty() && o.layer >= 0)
        values = values_of(o.look, *past.back(), static_cast<size_t>(o.layer));
    return space_view(past, places, trail, o, values);
}

}  // namespace hopscope::app
