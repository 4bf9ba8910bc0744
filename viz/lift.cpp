#include "viz/lift.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace hopscope::viz {
namespace {

using Vector = Eigen::Map<const Eigen::VectorXf>;

constexpr float kRadian = 180 / std::numbers::pi_v<float>;

Vector vector_of(std::span<const float> v) {
    return {v.data(), static_cast<Eigen::Index>(v.size())};
}

std::vector<float> copy_of(const Eigen::VectorXf& v) {
    return {v.begin(), v.end()};
}

}  // namespace

std::vector<float> lifted(const Basis& basis, std::span<const float> from, Vec3 by) {
    if (!basis.valid() || from.size() != static_cast<size_t>(basis.dim))
        return {from.begin(), from.end()};
    Eigen::VectorXf to = vector_of(from);
    const float along[] = {by.x, by.y, by.z};
    for (int i = 0; i < kAxes; ++i)
        to += along[i] * Eigen::Map<const Eigen::VectorXd>(basis.axis(i).data(),
                                                           static_cast<Eigen::Index>(basis.dim))
                             .cast<float>();
    const float length = to.norm();
    if (!(length > 1e-6f) || !std::isfinite(length)) return {from.begin(), from.end()};
    return copy_of(to / length);
}

float degrees_between(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size() || a.empty()) return core::kNaN;
    const auto u = vector_of(a), v = vector_of(b);
    const float cosine = u.dot(v) / (u.norm() * v.norm());
    return std::isfinite(cosine) ? std::acos(std::clamp(cosine, -1.0f, 1.0f)) * kRadian
                                 : core::kNaN;
}

std::vector<float> random_move(std::span<const float> from, float degrees, std::mt19937_64& bits) {
    const Eigen::VectorXf here = vector_of(from).normalized();
    std::normal_distribution<float> normal;
    Eigen::VectorXf way(here.size());
    for (float& value : way) value = normal(bits);
    way -= way.dot(here) * here;
    const float length = way.norm();
    if (!(length > 1e-6f)) return copy_of(here);
    const float angle = degrees / kRadian;
    return copy_of(std::cos(angle) * here + std::sin(angle) / length * way);
}

int64_t changed_by_move(const core::LayerGeometry& g, const NearestTwo& near, int64_t expert,
                        std::span<const float> to) {
    const auto dim = static_cast<size_t>(g.d_space);
    if (to.size() != dim || dim == 0 || near.expert.size() * dim > g.positions.size()) return 0;
    int64_t changed = 0;
    const auto moved = vector_of(to);
    for (size_t i = 0; i < near.expert.size(); ++i) {
        if (near.expert[i] < 0) continue;
        const auto at = vector_of(std::span(g.positions).subspan(i * dim, dim));
        const float cosine = at.dot(moved) / at.norm();
        const bool own = near.expert[i] == expert;
        if (own ? cosine < near.second[i] : cosine > near.first[i]) ++changed;
    }
    return changed;
}

}  // namespace hopscope::viz
