#include "app/panels/routing_space/view.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numbers>

namespace hopscope::app {
namespace {

using viz::Rgb;
using viz::Vec2;

constexpr int kCircleParts = 160;
constexpr float kTokenSize = 2.4f;
constexpr float kClassSize = 4.4f;  ///< of tokens by class: their glyphs must be seen

bool usable(const core::LayerGeometry& g, const viz::Basis& basis) {
    return basis.valid() && basis.dim == g.d_space && g.experts > 0 &&
           g.centroids.size() == static_cast<size_t>(g.experts * g.d_space);
}

int64_t tokens_of(const core::LayerGeometry& g) {
    const int64_t row = g.hops * g.d_space;
    return row > 0 ? static_cast<int64_t>(g.positions.size()) / row : 0;
}

float times_uniform(const core::LayerGeometry& g, int64_t expert) {
    const size_t i = static_cast<size_t>(expert);
    return i < g.load.size() ? g.load[i] * static_cast<float>(g.experts) : 0.0f;
}

/// Area grows with load, within what can be told apart and does not cover others.
float centroid_size(float load, int64_t experts) {
    const float many = static_cast<float>(std::max<int64_t>(experts, 1));
    const float unit = std::clamp(6.5f * std::pow(256.0f / many, 0.25f), 4.5f, 7.5f);
    return std::clamp(3.0f + unit * std::sqrt(std::max(load, 0.0f)), 4.0f, 20.0f);
}

void add_line(SpaceView& p, Vec2 a, Vec2 b, uint32_t c0, uint32_t c1, float width) {
    p.lines.push_back({a.x, a.y, 0, b.x, b.y, 0, c0, c1, width});
}

void add_guides(SpaceView& p, const SpaceOptions& o) {
    Vec2 last = {p.origin.x + 1, p.origin.y};
    for (int i = 1; i <= kCircleParts; ++i) {
        const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(i) /
                            static_cast<float>(kCircleParts);
        const Vec2 next = {p.origin.x + std::cos(angle), p.origin.y + std::sin(angle)};
        add_line(p, last, next, o.guide, o.guide, o.scale);
        last = next;
    }
    add_line(p, {p.origin.x - 1, p.origin.y}, {p.origin.x + 1, p.origin.y}, o.guide, o.guide,
             o.scale);
    add_line(p, {p.origin.x, p.origin.y - 1}, {p.origin.x, p.origin.y + 1}, o.guide, o.guide,
             o.scale);
}

/// Opacity of a tail, `newness` 0 at its far end and 1 at the centroid. Thin lines lose more on a
/// light ground.
float tail_alpha(float newness, bool dark) {
    return dark ? 0.15f + 0.45f * newness : 0.3f + 0.6f * newness;
}

void add_trails(SpaceView& p, const Past& past, size_t trail, const viz::LayerPlace& place,
                const SpaceOptions& o, const std::vector<Rgb>& colors) {
    const size_t count = std::min(trail + 1, past.size());
    if (count < 2) return;
    p.tail_from = past[past.size() - count]->step;
    std::vector<float> before;
    for (size_t k = 0; k < count; ++k) {
        const core::GeometrySnapshot& snapshot = *past[past.size() - count + k];
        const auto& centroids = snapshot.layers[static_cast<size_t>(o.layer)].centroids;
        std::vector<float> now = viz::project(place.basis, centroids);
        if (!before.empty()) {
            const float parts = static_cast<float>(count - 1);
            const float a0 = tail_alpha(static_cast<float>(k - 1) / parts, o.dark);
            const float a1 = tail_alpha(static_cast<float>(k) / parts, o.dark);
            for (size_t e = 0; e < colors.size(); ++e)
                add_line(p, {before[3 * e], before[3 * e + 1]}, {now[3 * e], now[3 * e + 1]},
                         viz::packed(colors[e], a0), viz::packed(colors[e], a1),
                         (o.dark ? 1.3f : 1.8f) * o.scale);
        }
        before = std::move(now);
    }
}

/// Labels by falling frequency, so that the most frequent get the first marks.
std::vector<std::string> class_order(const std::vector<std::string>& classes) {
    std::map<std::string, int64_t> count;
    for (const auto& c : classes)
        if (!c.empty()) ++count[c];
    std::vector<std::string> order;
    for (const auto& [name, n] : count) order.push_back(name);
    std::stable_sort(order.begin(), order.end(),
                     [&](const auto& a, const auto& b) { return count[a] > count[b]; });
    return order;
}

struct TokenPaint {
    const core::GeometrySnapshot& snapshot;
    const core::LayerGeometry& g;
    const SpaceOptions& o;
    const std::vector<std::string>& classes;
    float place_scale;

    ClassMark operator()(int64_t token, int64_t hop, const float* at) const {
        switch (o.color) {
            case SpaceColor::token_class: {
                const size_t t = static_cast<size_t>(token);
                if (t >= snapshot.classes.size()) break;
                const auto found = std::find(classes.begin(), classes.end(), snapshot.classes[t]);
                if (found == classes.end()) break;
                return class_mark(static_cast<size_t>(found - classes.begin()), o.dark);
            }
            case SpaceColor::hop:
                return {hop_color(hop, g.hops, o.dark)};
            case SpaceColor::load:
                break;
            case SpaceColor::place:
                return {viz::place_color(at[0] * place_scale, at[1] * place_scale,
                                         at[2] * place_scale, o.dark)};
        }
        return {{0.5f, 0.5f, 0.5f}};
    }
};

void add_tokens(SpaceView& p, const core::GeometrySnapshot& snapshot, const viz::LayerPlace& place,
                const SpaceOptions& o) {
    const auto& g = snapshot.layers[static_cast<size_t>(o.layer)];
    const int64_t tokens = tokens_of(g);
    const std::vector<float> at = viz::project(place.basis, g.positions);
    const TokenPaint paint{snapshot, g, o, p.classes, place.scale};
    // Many points must not become one grey mass, few must not vanish.
    const int64_t shown_hops = o.hop < 0 ? g.hops : 1;
    const float crowd = static_cast<float>(tokens * shown_hops);
    const float alpha =
        std::clamp(0.85f - 0.09f * std::log10(std::max(crowd, 10.0f) / 10.0f), 0.35f, 0.8f);
    for (int64_t h = 0; h < g.hops; ++h) {
        if (o.hop >= 0 && h != o.hop) continue;
        for (int64_t t = 0; t < tokens; ++t) {
            if (!o.hidden_classes.empty() && static_cast<size_t>(t) < snapshot.classes.size() &&
                std::find(o.hidden_classes.begin(), o.hidden_classes.end(),
                          snapshot.classes[static_cast<size_t>(t)]) != o.hidden_classes.end())
                continue;
            const float* c = &at[static_cast<size_t>((h * tokens + t) * 3)];
            viz::Point point;
            point.x = c[0];
            point.y = c[1];
            const ClassMark mark = paint(t, h, c);
            point.size = (o.color == SpaceColor::token_class ? kClassSize : kTokenSize) * o.scale;
            point.color = viz::packed(mark.color, alpha);
            point.glyph = mark.glyph;
            p.points.push_back(point);
            p.items.push_back({false, t, h});
        }
    }
}

constexpr float kFaint = 0.18f;  ///< alpha of centroids outside a filter

void add_centroids(SpaceView& p, const core::LayerGeometry& g, const SpaceOptions& o,
                   const std::vector<Rgb>& colors) {
    for (int64_t e = 0; e < g.experts; ++e) {
        const size_t i = static_cast<size_t>(e);
        viz::Point point;
        point.x = p.coords[3 * i];
        point.y = p.coords[3 * i + 1];
        point.size = centroid_size(times_uniform(g, e), g.experts) * o.scale;
        const bool faint = i < o.hits.size() && o.hits[i] == 0;
        point.color = viz::packed(colors[i], faint ? kFaint : 1.0f);
        point.outline = o.background;
        p.points.push_back(point);
        p.items.push_back({true, e, 0});
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

Rgb load_color(float share, bool dark) {
    const float t = std::isfinite(share) ? std::clamp(share, 0.0f, 1.0f) : 0.0f;
    return viz::ramp_color(viz::Ramp::spectrum, dark ? 0.28f + 0.72f * t : 0.68f * t);
}

Rgb hop_color(int64_t hop, int64_t hops, bool dark) {
    return load_color(hops > 1 ? static_cast<float>(hop) / static_cast<float>(hops - 1) : 0.5f,
                      dark);
}

ClassMark class_mark(size_t i, bool dark) {
    using viz::Glyph;
    constexpr Glyph kGlyphs[] = {Glyph::disc, Glyph::square, Glyph::ring, Glyph::diamond};
    return {viz::series_color(i, dark), kGlyphs[i / viz::kSeriesColors % std::size(kGlyphs)]};
}

const char* name_of(SpaceColor color) {
    switch (color) {
        case SpaceColor::place:
            return "place";
        case SpaceColor::load:
            return "load";
        case SpaceColor::token_class:
            return "class";
        case SpaceColor::hop:
            return "hop";
    }
    return "";
}

SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& o) {
    SpaceView p;
    if (past.empty()) return p;
    const core::GeometrySnapshot& snapshot = *past.back();
    if (o.layer < 0 || static_cast<size_t>(o.layer) >= snapshot.layers.size()) return p;
    const auto& g = snapshot.layers[static_cast<size_t>(o.layer)];
    p.layer = o.layer;
    const viz::LayerPlace& place = places.layer(o.layer);
    if (!usable(g, place.basis)) return p;

    p.coords = viz::project(place.basis, g.centroids);
    p.variance = viz::variance_along(place.basis, g);
    const std::vector<float> zero(static_cast<size_t>(g.d_space), 0.0f);
    const auto origin = viz::project(place.basis, zero);
    p.origin = {origin[0], origin[1]};
    p.classes = class_order(snapshot.classes);
    for (int64_t e = 0; e < g.experts; ++e) p.load_max = std::max(p.load_max, times_uniform(g, e));

    std::vector<Rgb> colors;
    for (int64_t e = 0; e < g.experts; ++e) {
        if (o.color == SpaceColor::load)
            colors.push_back(
                load_color(p.load_max > 0 ? times_uniform(g, e) / p.load_max : 0, o.dark));
        else if (o.color == SpaceColor::place)
            colors.push_back(places.expert_color(o.layer, e, o.dark));
        else
            colors.push_back(o.dark ? Rgb{0.62f, 0.66f, 0.71f} : Rgb{0.45f, 0.48f, 0.52f});
    }
    add_guides(p, o);
    add_trails(p, past, trail, place, o, colors);
    if (o.tokens) add_tokens(p, snapshot, place, o);
    add_centroids(p, g, o, colors);
    close_view(p);
    return p;
}

TokenPath prompt_path(const core::TraceResult& trace, int64_t token, int64_t layer,
                      const viz::Basis& basis) {
    TokenPath path;
    path.prompt = true;
    if (token < 0 || static_cast<size_t>(token) >= trace.tokens.size() || layer < 0 ||
        static_cast<size_t>(layer) >= trace.layers.size() || !basis.valid())
        return path;
    path.label = trace.tokens[static_cast<size_t>(token)].piece;
    const size_t t = static_cast<size_t>(token), dim = static_cast<size_t>(basis.dim);
    const auto& hops = trace.layers[static_cast<size_t>(layer)].hops;
    for (size_t h = 0; h < hops.size(); ++h) {
        const auto& hop = hops[h];
        const bool ran = t >= hop.executed.size() || hop.executed[t] != 0;
        if (!ran || hop.d_space != basis.dim || hop.position.size() < (t + 1) * dim) continue;
        const auto at = viz::project(basis, std::span(hop.position).subspan(t * dim, dim));
        if (!std::isfinite(at[0]) || !std::isfinite(at[1])) continue;
        path.at.push_back({at[0], at[1]});
        path.hops.push_back(static_cast<int64_t>(h));
    }
    return path;
}

TokenPath probe_path(const core::GeometrySnapshot& snapshot, int64_t token, int64_t layer,
                     const viz::Basis& basis) {
    TokenPath path;
    if (layer < 0 || static_cast<size_t>(layer) >= snapshot.layers.size()) return path;
    const auto& g = snapshot.layers[static_cast<size_t>(layer)];
    const int64_t tokens = tokens_of(g);
    if (token < 0 || token >= tokens || !basis.valid() || basis.dim != g.d_space) return path;
    if (static_cast<size_t>(token) < snapshot.pieces.size())
        path.label = snapshot.pieces[static_cast<size_t>(token)];
    const size_t dim = static_cast<size_t>(g.d_space);
    for (int64_t h = 0; h < g.hops; ++h) {
        const size_t row = static_cast<size_t>(h * tokens + token);
        const auto at = viz::project(basis, std::span(g.positions).subspan(row * dim, dim));
        if (!std::isfinite(at[0]) || !std::isfinite(at[1])) continue;
        path.at.push_back({at[0], at[1]});
        path.hops.push_back(h);
    }
    return path;
}

std::vector<NearExpert> nearest_experts(const core::LayerGeometry& g,
                                        std::span<const float> position, size_t count,
                                        int64_t skip) {
    std::vector<NearExpert> all;
    const size_t dim = static_cast<size_t>(g.d_space);
    if (dim == 0 || position.size() != dim) return all;
    float norm = 0;
    for (const float v : position) norm += v * v;
    norm = std::sqrt(norm);
    if (!(norm > 0)) return all;
    for (size_t e = 0; (e + 1) * dim <= g.centroids.size(); ++e) {
        if (static_cast<int64_t>(e) == skip) continue;
        float dot = 0, own = 0;
        for (size_t j = 0; j < dim; ++j) {
            dot += g.centroids[e * dim + j] * position[j];
            own += g.centroids[e * dim + j] * g.centroids[e * dim + j];
        }
        if (own > 0) all.push_back({static_cast<int64_t>(e), dot / (norm * std::sqrt(own))});
    }
    count = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<long>(count), all.end(),
                      [](const NearExpert& a, const NearExpert& b) {
                          return a.cosine != b.cosine ? a.cosine > b.cosine : a.expert < b.expert;
                      });
    all.resize(count);
    return all;
}

int64_t choices_of(const core::LayerGeometry& g, int64_t expert) {
    return std::count(g.choices.begin(), g.choices.end(), static_cast<int32_t>(expert));
}

}  // namespace hopscope::app
