#include "viz/axes.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <random>

namespace hopscope::viz {
namespace {

using Axis = Eigen::VectorXd;

constexpr double kLeast = 1e-4;  ///< of a direction's length, below which it is none of its own

/// Adds what `direction` has beside the axes that are there already. → whether that is anything.
bool add_axis(std::vector<Axis>& axes, Axis direction) {
    const double before = direction.norm();
    for (int twice = 0; twice < 2; ++twice)  // once leaves what rounding left
        for (const Axis& axis : axes) direction -= axis.dot(direction) * axis;
    const double length = direction.norm();
    if (!(length > kLeast * before) || !std::isfinite(length)) return false;
    axes.push_back(direction / length);
    return true;
}

Axis centroid(const core::LayerGeometry& g, int64_t expert) {
    const auto dim = static_cast<Eigen::Index>(g.d_space);
    return Eigen::Map<const Eigen::VectorXf>(g.centroids.data() + expert * dim, dim).cast<double>();
}

Axis dimension(int64_t dim, int64_t at) {
    return Axis::Unit(static_cast<Eigen::Index>(dim), static_cast<Eigen::Index>(at));
}

Axis random_direction(int64_t dim, std::mt19937_64& bits) {
    std::normal_distribution<double> normal;
    Axis out(static_cast<Eigen::Index>(dim));
    for (double& value : out) value = normal(bits);
    return out;
}

std::vector<Axis> axes_of(const AxesChoice& choice, const core::LayerGeometry& g,
                          const Basis& principal) {
    std::vector<Axis> axes;
    if (choice.kind == AxesKind::centroids) {
        add_axis(axes, centroid(g, choice.first));
        add_axis(axes, centroid(g, choice.second));
        for (int i = 0; i < kAxes && axes.size() < kAxes && principal.dim == g.d_space; ++i)
            add_axis(axes, Eigen::Map<const Axis>(principal.axis(i).data(),
                                                  static_cast<Eigen::Index>(g.d_space)));
    } else if (choice.kind == AxesKind::raw) {
        add_axis(axes, dimension(g.d_space, choice.first));
        add_axis(axes, dimension(g.d_space, choice.second));
        for (int64_t i = 0; i < g.d_space && axes.size() < kAxes; ++i)
            add_axis(axes, dimension(g.d_space, i));
    } else {
        std::mt19937_64 bits(choice.seed);
        for (int64_t i = 0; i < std::min<int64_t>(kAxes, g.d_space); ++i)
            add_axis(axes, random_direction(g.d_space, bits));
    }
    return axes;
}

}  // namespace

const char* name_of(AxesKind kind) {
    switch (kind) {
        case AxesKind::principal:
            return "principal";
        case AxesKind::centroids:
            return "two centroids";
        case AxesKind::raw:
            return "raw dimensions";
        case AxesKind::random:
            return "random";
    }
    return "";
}

std::string axes_problem(const AxesChoice& choice, const core::LayerGeometry& g) {
    if (choice.kind == AxesKind::principal) return "";
    if (g.d_space < 2) return "The routing space of this layer has fewer than two dimensions.";
    const bool pair = choice.kind == AxesKind::centroids || choice.kind == AxesKind::raw;
    if (!pair) return "";
    const bool raw = choice.kind == AxesKind::raw;
    const int64_t count = raw ? g.d_space : g.experts;
    const std::string what = raw ? "dimension" : "expert";
    for (const int64_t i : {choice.first, choice.second})
        if (i < 0 || i >= count)
            return "There is no " + what + " " + std::to_string(i) + ": this layer has 0 to " +
                   std::to_string(count - 1) + ".";
    if (choice.first == choice.second) return "The two axes need two different " + what + "s.";
    if (raw) return "";
    std::vector<Axis> axes;
    if (!add_axis(axes, centroid(g, choice.first)) || !add_axis(axes, centroid(g, choice.second)))
        return "Centroids " + std::to_string(choice.first) + " and " +
               std::to_string(choice.second) + " point the same way and span no plane.";
    return "";
}

Basis basis_of(const AxesChoice& choice, const core::LayerGeometry& g, const Basis& principal) {
    if (choice.kind == AxesKind::principal) return principal;
    Basis out;
    if (g.centroids.size() != static_cast<size_t>(g.experts * g.d_space) ||
        !axes_problem(choice, g).empty())
        return out;
    const auto axes = axes_of(choice, g, principal);
    out.dim = g.d_space;
    out.step = principal.step;
    out.mean.assign(static_cast<size_t>(g.d_space), 0.0);
    for (const Axis& axis : axes) out.axes.insert(out.axes.end(), axis.begin(), axis.end());
    out.axes.resize(static_cast<size_t>(kAxes * g.d_space), 0.0);
    return out;
}

std::array<std::string, kAxes> axis_names(const AxesChoice& choice) {
    switch (choice.kind) {
        case AxesKind::centroids:
            return {"E" + std::to_string(choice.first), "E" + std::to_string(choice.second),
                    "axis 3"};
        case AxesKind::raw:
            return {"dimension " + std::to_string(choice.first),
                    "dimension " + std::to_string(choice.second), "axis 3"};
        case AxesKind::random:
            return {"random 1", "random 2", "random 3"};
        case AxesKind::principal:
            break;
    }
    return {"axis 1", "axis 2", "axis 3"};
}

}  // namespace hopscope::viz
