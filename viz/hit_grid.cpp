#include "viz/hit_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hopscope::viz {
namespace {

bool finite(Vec2 p) {
    return std::isfinite(p.x) && std::isfinite(p.y);
}

}  // namespace

HitGrid::HitGrid(std::vector<Vec2> points, std::vector<float> radius)
    : points_(std::move(points)), radius_(std::move(radius)) {
    radius_.resize(points_.size(), 0.0f);
    constexpr float kFar = std::numeric_limits<float>::max();
    Vec2 high = {-kFar, -kFar};
    low_ = {kFar, kFar};
    size_t used = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
        const Vec2 p = points_[i];
        if (!finite(p)) continue;
        low_ = {std::min(low_.x, p.x), std::min(low_.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
        largest_ = std::max(largest_, radius_[i]);
        ++used;
    }
    if (used == 0) return;
    // About two points a cell, whatever the shape of the cloud.
    const int side = std::clamp(static_cast<int>(std::sqrt(static_cast<double>(used) / 2)), 1, 512);
    columns_ = rows_ = side;
    cell_x_ = std::max((high.x - low_.x) / static_cast<float>(side), 1e-12f);
    cell_y_ = std::max((high.y - low_.y) / static_cast<float>(side), 1e-12f);

    const auto cell_of = [&](Vec2 p) {
        return static_cast<size_t>(row(p.y)) * static_cast<size_t>(columns_) +
               static_cast<size_t>(column(p.x));
    };
    start_.assign(static_cast<size_t>(columns_ * rows_) + 1, 0);
    for (const Vec2 p : points_)
        if (finite(p)) ++start_[cell_of(p) + 1];
    for (size_t c = 1; c < start_.size(); ++c) start_[c] += start_[c - 1];
    index_.resize(used);
    std::vector<uint32_t> next(start_.begin(), start_.end() - 1);
    for (size_t i = 0; i < points_.size(); ++i)
        if (finite(points_[i])) index_[next[cell_of(points_[i])]++] = static_cast<uint32_t>(i);
}

int HitGrid::column(float x) const {
    const float at = std::clamp((x - low_.x) / cell_x_, 0.0f, static_cast<float>(columns_ - 1));
    return static_cast<int>(at);
}

int HitGrid::row(float y) const {
    const float at = std::clamp((y - low_.y) / cell_y_, 0.0f, static_cast<float>(rows_ - 1));
    return static_cast<int>(at);
}

template <class Visit>
void HitGrid::visit(Vec2 low, Vec2 high, Visit visit) const {
    if (columns_ == 0 || !finite(low) || !finite(high)) return;
    const int c0 = column(low.x), c1 = column(high.x), r1 = row(high.y);
    for (int r = row(low.y); r <= r1; ++r)
        for (int c = c0; c <= c1; ++c) {
            const size_t cell =
                static_cast<size_t>(r) * static_cast<size_t>(columns_) + static_cast<size_t>(c);
            for (uint32_t k = start_[cell]; k < start_[cell + 1]; ++k) visit(index_[k]);
        }
}

int64_t HitGrid::hit(Vec2 at, float zoom, float slack) const {
    if (!(zoom > 0)) return -1;
    const float reach = (largest_ + slack) / zoom;
    int64_t covering = -1, near = -1;
    float nearest = std::numeric_limits<float>::max();
    visit({at.x - reach, at.y - reach}, {at.x + reach, at.y + reach}, [&](uint32_t i) {
        const float distance = std::hypot(points_[i].x - at.x, points_[i].y - at.y) * zoom;
        if (distance <= radius_[i]) covering = std::max<int64_t>(covering, i);
        if (distance <= radius_[i] + slack &&
            (distance < nearest || (distance == nearest && static_cast<int64_t>(i) > near))) {
            nearest = distance;
            near = i;
        }
    });
    return covering >= 0 ? covering : near;
}

std::vector<int64_t> HitGrid::inside(Vec2 low, Vec2 high) const {
    std::vector<int64_t> found;
    visit(low, high, [&](uint32_t i) {
        const Vec2 p = points_[i];
        if (p.x >= low.x && p.x <= high.x && p.y >= low.y && p.y <= high.y) found.push_back(i);
    });
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace hopscope::viz
