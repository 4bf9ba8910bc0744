#include "viz/regions.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>

namespace hopscope::viz {
namespace {

constexpr float kUnreached = -3;  ///< below every cosine times a length of at most 2

/// What ⟨p, c⟩ is made of for p = m + x a_1 + y a_2: a plane over (x, y) for each centroid.
struct Slopes {
    std::vector<float> at_zero, along_x, along_y;
    std::vector<int32_t> expert;
    float off = 0;  ///< squared length of the part of p that lies off the axes
    Vec2 centre;    ///< in-plane part of the point that the world's origin is
};

Slopes slopes_of(const Basis& basis, std::span<const float> centroids) {
    const auto dim = static_cast<Eigen::Index>(basis.dim);
    using Row = Eigen::Map<const Eigen::VectorXf>;
    using Axis = Eigen::Map<const Eigen::VectorXd>;
    const Eigen::VectorXf a = Axis(basis.axis(0).data(), dim).cast<float>();
    const Eigen::VectorXf b = Axis(basis.axis(1).data(), dim).cast<float>();
    const Eigen::VectorXf zero = Axis(basis.mean.data(), dim).cast<float>();
    const auto n = static_cast<Eigen::Index>(centroids.size()) / dim;
    Eigen::VectorXf mean = Eigen::VectorXf::Zero(dim);
    Slopes out;
    std::vector<Eigen::VectorXf> units;
    for (Eigen::Index e = 0; e < n; ++e) {
        const Row row(centroids.data() + e * dim, dim);
        const float length = row.norm();
        if (!std::isfinite(length) || !(length > 0)) continue;
        units.push_back(row / length);
        mean += units.back();
        out.expert.push_back(static_cast<int32_t>(e));
    }
    if (units.empty()) return out;
    mean /= static_cast<float>(units.size());
    const Eigen::VectorXf off = mean - mean.dot(a) * a - mean.dot(b) * b;
    out.off = off.squaredNorm();
    out.centre = {zero.dot(a), zero.dot(b)};
    for (const Eigen::VectorXf& c : units) {
        out.along_x.push_back(c.dot(a));
        out.along_y.push_back(c.dot(b));
        out.at_zero.push_back(c.dot(off) + out.centre.x * c.dot(a) + out.centre.y * c.dot(b));
    }
    return out;
}

/// One pixel a cell, by a function of its index; clear outside the circle.
Raster over_circle(const PlaneRegions& regions, const std::function<uint32_t(size_t)>& paint) {
    Raster raster;
    raster.width = raster.height = regions.side;
    raster.pixels.assign(regions.nearest.size(), 0);
    const float middle = static_cast<float>(regions.side) / 2;
    for (size_t i = 0; i < raster.pixels.size(); ++i) {
        const auto side = static_cast<size_t>(regions.side);
        const size_t row = i / side, column = i % side;
        const float x = static_cast<float>(column) + 0.5f - middle;
        const float y = static_cast<float>(row) + 0.5f - middle;
        if (regions.nearest[i] >= 0 && std::hypot(x, y) <= middle) raster.pixels[i] = paint(i);
    }
    return raster;
}

}  // namespace

PlaneRegions plane_regions(const Basis& basis, std::span<const float> centroids, Vec2 low,
                           Vec2 high, int side) {
    PlaneRegions out;
    if (!basis.valid() || side < 1 || !(high.x > low.x) || !(high.y > low.y)) return out;
    const Slopes s = slopes_of(basis, centroids);
    const auto width = static_cast<size_t>(side);
    out.side = side;
    out.low = low;
    out.high = high;
    out.nearest.assign(width * width, -1);
    out.margin.assign(width * width, std::nanf(""));
    std::vector<float> best(width), second(width), x(width);
    const float parts = static_cast<float>(side);
    for (size_t c = 0; c < width; ++c)
        x[c] = low.x + (high.x - low.x) * (static_cast<float>(c) + 0.5f) / parts;
    for (size_t r = 0; r < width; ++r) {
        const float y = high.y - (high.y - low.y) * (static_cast<float>(r) + 0.5f) / parts;
        std::fill(best.begin(), best.end(), kUnreached);
        std::fill(second.begin(), second.end(), kUnreached);
        int32_t* nearest = &out.nearest[r * width];
        for (size_t e = 0; e < s.expert.size(); ++e) {
            const float start = s.at_zero[e] + y * s.along_y[e], slope = s.along_x[e];
            for (size_t c = 0; c < width; ++c) {
                const float value = start + x[c] * slope;
                second[c] = std::max(second[c], std::min(value, best[c]));
                nearest[c] = value > best[c] ? s.expert[e] : nearest[c];
                best[c] = std::max(best[c], value);
            }
        }
        for (size_t c = 0; c < width; ++c) {
            const float px = s.centre.x + x[c], py = s.centre.y + y;
            const float length = std::sqrt(px * px + py * py + s.off);
            if (second[c] > kUnreached && length > 1e-6f)
                out.margin[r * width + c] = (best[c] - second[c]) / length;
        }
    }
    return out;
}

Raster region_raster(const PlaneRegions& regions, std::span<const Rgb> colors, float alpha) {
    const auto side = static_cast<size_t>(regions.side);
    return over_circle(regions, [&](size_t i) {
        const int32_t own = regions.nearest[i];
        const size_t right = i % side + 1 < side ? i + 1 : i;
        const size_t below = i + side < regions.nearest.size() ? i + side : i;
        const bool border = regions.nearest[right] != own || regions.nearest[below] != own;
        const auto e = static_cast<size_t>(own);
        const Rgb color = e < colors.size() ? colors[e] : Rgb{0.5f, 0.5f, 0.5f};
        return packed(color, border ? std::min(1.0f, 3.5f * alpha) : alpha);
    });
}

Raster margin_raster(const PlaneRegions& regions, uint32_t shade, float alpha) {
    float highest = 0;
    for (const float m : regions.margin)
        if (std::isfinite(m)) highest = std::max(highest, m);
    return over_circle(regions, [&](size_t i) {
        const float m = regions.margin[i];
        if (!std::isfinite(m) || !(highest > 0)) return uint32_t{0};
        const float closeness = 1 - std::sqrt(std::clamp(m / highest, 0.0f, 1.0f));
        return (shade & 0xFFFFFFu) | static_cast<uint32_t>(std::lround(255 * alpha * closeness))
                                         << 24;
    });
}

}  // namespace hopscope::viz
