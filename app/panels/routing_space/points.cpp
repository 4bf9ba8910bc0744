#include "app/panels/routing_space/points.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/routing_space/labels.h"

namespace hopscope::app {
namespace {

constexpr float kFarthest = 0.22f;  ///< opacity at the back of the unit sphere, of that in front

constexpr float kNoHit = 0.2f;  ///< opacity of what was not looked for, of its own

/// What software OpenGL draws in a third of the time that a frame of 30 a second has.
constexpr size_t kMovingPoints = 6000;
constexpr size_t kPartPoints = 16'000;  ///< of a picture at rest, in one frame
constexpr double kRest = 0.2;           ///< seconds after which a picture stands still

uint32_t thinned(uint32_t color, float by) {
    const auto alpha = static_cast<uint32_t>(std::lround(static_cast<float>(color >> 24) * by));
    return (color & 0xFFFFFFu) | alpha << 24;
}

}  // namespace

void SpacePoints::order_by_depth(const SpaceView& view, const viz::Orbit& orbit) {
    std::vector<float> depth;
    depth.reserve(view.points.size());
    for (const viz::Point& p : view.points) depth.push_back(orbit.turned({p.x, p.y, p.z}).z);
    order_ = viz::depth_order(depth);
    for (size_t k = 0; k < drawn_.size(); ++k) {
        drawn_[k] = view.points[order_[k]];
        const float nearness = std::clamp((depth[order_[k]] - orbit.pivot.z + 1) / 2, 0.0f, 1.0f);
        const float fade = kFarthest + (1 - kFarthest) * nearness;
        drawn_[k].color = thinned(drawn_[k].color, fade);
        drawn_[k].outline = thinned(drawn_[k].outline, fade);
    }
}

void SpacePoints::set_hits(const std::vector<uint8_t>& tokens) {
    if (tokens == hits_) return;
    hits_ = tokens;
    stale_ = true;
}

/// What is drawn, from the view: order, depth, and what is selected. Only where one of them
/// changed.
void SpacePoints::compose(const AppState& state, const SpaceView& view, const viz::Orbit& orbit) {
    const uint64_t selection = state.selection.version;
    if (!stale_ && orbit == orbit_ && selection == selection_) return;
    const bool turned = stale_ || !(orbit == orbit_);
    stale_ = false;
    upload_ = true;
    orbit_ = orbit;
    selection_ = selection;
    grid_stale_ = grid_stale_ || turned;
    drawn_ = view.points;
    order_.clear();
    if (view.solid) order_by_depth(view, orbit);
    const auto& tokens = state.selection.probe_tokens;
    if (tokens.empty() && hits_.empty()) return;
    const uint32_t edge = packed(state.theme().text);
    for (size_t k = 0; k < drawn_.size(); ++k) {
        const SpaceItem& item = view.items[order_.empty() ? k : order_[k]];
        if (item.expert) continue;
        const auto t = static_cast<size_t>(item.index);
        if (t < hits_.size() && hits_[t]) drawn_[k].color |= 0xFF000000u;
        if (t < hits_.size() && !hits_[t]) {
            drawn_[k].color = thinned(drawn_[k].color, kNoHit);
            drawn_[k].outline = thinned(drawn_[k].outline, kNoHit);
        }
        if (!tokens.contains(item.index)) continue;
        drawn_[k].outline = edge;
        drawn_[k].color |= 0xFF000000u;
        drawn_[k].size += 4 * state.pixel_scale;
    }
}

int64_t SpacePoints::hit(const SpaceView& view, const SpaceCamera& camera, ImVec2 at, float slack) {
    const viz::Vec2 plane = camera.to_plane(at);
    const float zoom = camera.camera().zoom;
    if (!view.solid) return view.grid.hit(plane, zoom, slack);
    if (order_.size() != view.points.size()) return -1;  // not drawn yet
    if (grid_stale_) {
        std::vector<viz::Vec2> where;
        std::vector<float> radius;
        for (const uint32_t i : order_) {
            const viz::Point& p = view.points[i];
            const viz::Vec3 turned = orbit_.turned({p.x, p.y, p.z});
            where.push_back({turned.x, turned.y});
            radius.push_back(p.size / 2);
        }
        grid_ = viz::HitGrid(std::move(where), std::move(radius));
        grid_stale_ = false;
    }
    const int64_t k = grid_.hit(plane, zoom, slack);
    return k < 0 ? -1 : static_cast<int64_t>(order_[static_cast<size_t>(k)]);
}

/// Where there is no OpenGL 3.3 (and in tests without a screen): the same picture, slower.
void SpacePoints::draw_without_gl(const SpaceView& view, const SpaceCamera& camera) const {
    const ImVec2 at = camera.at(), size = camera.size();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto inside = [&](ImVec2 p, float r) {
        return p.x + r >= at.x && p.x - r <= at.x + size.x && p.y + r >= at.y &&
               p.y - r <= at.y + size.y;
    };
    for (const auto& line : view.lines)
        list->AddLine(camera.on_screen({line.x0, line.y0, line.z0}),
                      camera.on_screen({line.x1, line.y1, line.z1}), line.color1, line.width);
    for (const auto& point : drawn_) {
        const ImVec2 p = camera.on_screen({point.x, point.y, point.z});
        const float r = point.size / 2;
        if (!inside(p, r)) continue;
        draw_glyph(p, r, point.color, point.glyph);
        if (point.outline >> 24) list->AddCircle(p, r, point.outline);
    }
}

/// All experts, one in so many tokens, and those that are followed.
std::vector<viz::Point> SpacePoints::some_of(const AppState& state, const SpaceView& view) const {
    const auto& selected = state.selection.probe_tokens;
    const bool few = selected.size() <= kMovingPoints;
    std::vector<viz::Point> out;
    for (size_t k = 0; k < drawn_.size(); ++k) {
        const SpaceItem& item = view.items[order_.empty() ? k : order_[k]];
        if (item.expert || static_cast<size_t>(item.index) % every_ == 0 ||
            (few && selected.contains(item.index)))
            out.push_back(drawn_[k]);
    }
    return out;
}

/// Where the processor draws, a large picture that moves is one of its parts, the same ones from
/// frame to frame; at rest it is whole.
void SpacePoints::thin_while_moving(AppState& state, const SpaceView& view,
                                    const SpaceCamera& camera) {
    const std::array<float, 16> matrix = camera.matrix();
    const bool first = matrix_ == std::array<float, 16>{};
    if (matrix != matrix_ && !first) moved_ = state.now;
    matrix_ = matrix;
    const bool moves = !state.for_file && moved_ >= 0 && state.now - moved_ < kRest;
    const size_t points = view.points.size();
    const size_t every = state.software_gl && moves && points > kMovingPoints
                             ? (points + kMovingPoints - 1) / kMovingPoints
                             : 1;
    // What moves does not wait for the picture that is being drawn.
    if (every != every_) renew_ = upload_ = true;
    every_ = every;
    if (every_ > 1) state.keep_drawing();
}

/// A picture is drawn to its end before the next one begins: one that changes in each frame would
/// never be whole.
void SpacePoints::upload(const AppState& state, const SpaceView& view) {
    if (!upload_ || !(renew_ || every_ > 1 || renderer_.whole() || state.for_file)) return;
    renderer_.set_points(every_ > 1 ? some_of(state, view) : drawn_);
    renderer_.set_segments(view.lines);
    upload_ = renew_ = false;
}

void SpacePoints::draw(AppState& state, const SpaceView& view, const SpaceCamera& camera) {
    const ImVec2 at = camera.at(), size = camera.size();
    compose(state, view, camera.orbit());
    if (!tried_) {
        tried_ = true;
        works_ = state.gl != nullptr && renderer_.start(state.gl);
        if (!works_ && !renderer_.error().empty())
            state.say("routing space is drawn the slow way: " + renderer_.error());
    }
    if (!works_) return draw_without_gl(view, camera);
    thin_while_moving(state, view, camera);
    upload(state, view);
    const float ratio = std::max(ImGui::GetIO().DisplayFramebufferScale.x, 0.1f);
    const auto pixels = [ratio](float units) {
        return static_cast<int>(std::lround(units * ratio));
    };
    const unsigned texture = renderer_.render(
        camera.matrix(), pixels(size.x), pixels(size.y), packed(state.theme().panel), ratio,
        state.software_gl && !state.for_file ? kPartPoints : viz::PointRenderer::kAllPoints);
    if (!renderer_.whole() || upload_) state.keep_drawing(1);
    if (texture == 0) return draw_without_gl(view, camera);
    ImGui::GetWindowDrawList()->AddImage(ImTextureRef(static_cast<ImTextureID>(texture)), at,
                                         ImVec2(at.x + size.x, at.y + size.y), ImVec2(0, 1),
                                         ImVec2(1, 0));
}

}  // namespace hopscope::app
