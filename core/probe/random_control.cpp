// The random control beside every intervention: the same script with its targets drawn at random.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/model/router.h"
#include "core/probe/plan.h"
#include "core/probe/trace.h"
#include "core/text/random.h"

namespace hopscope::core {
namespace {

/// As many experts as `targets`, each of the same pool as the one it stands for; none of the
/// targets as long as the pool has others.
std::vector<int64_t> other_experts(const Config& config, int64_t layer,
                                   const std::vector<int64_t>& targets, Random& random) {
    std::set<int64_t> taken;
    for (const int64_t target : targets) {
        const auto [offset, size] = pool_of(config, layer, target);
        std::vector<int64_t> free;
        for (const bool spare_targets : {true, false}) {
            for (int64_t e = offset; e < offset + size; ++e) {
                const bool target_too =
                    std::find(targets.begin(), targets.end(), e) != targets.end();
                if (!taken.count(e) && !(spare_targets && target_too)) free.push_back(e);
            }
            if (!free.empty()) break;
        }
        taken.insert(free[random.below(free.size())]);
    }
    return {taken.begin(), taken.end()};
}

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

/// Another centroid of the same layer moved as far in a random direction: by the same distance
/// where centroids are points (plain K-Means), by the same angle where only directions count.
MovedCentroid other_move(const MovedCentroid& move, const Config& config, const Weights& weights,
                         Random& random) {
    const auto& w = weights.layers[static_cast<size_t>(move.layer)];
    const bool points = config.moe.router == "kmeans" && config.moe.kmeans == "plain";
    const auto rows = points ? w.centroids.detach() : router_rows(w);
    const auto from = row_of(rows, move.expert);
    MovedCentroid out = move;
    out.expert = other_experts(config, move.layer, {move.expert}, random).front();
    const auto start = row_of(rows, out.expert);
    const auto direction = drawn_direction(start.size(), points ? nullptr : &start, random);
    double along = 1, across = 0;  // of start and of the direction
    if (points) {
        for (size_t i = 0; i < from.size(); ++i) across += std::pow(move.to[i] - from[i], 2);
        across = std::sqrt(across);
    } else {
        along = std::clamp(dot(from, move.to) / std::sqrt(dot(move.to, move.to)), -1.0, 1.0);
        across = std::sqrt(1 - along * along);
    }
    for (size_t i = 0; i < start.size(); ++i) out.to[i] = along * start[i] + across * direction[i];
    return out;
}

/// Zeroed (layer, hop) pairs become as many others; where all are zeroed nothing is left to draw.
void redraw_zeroed(Plan& plan, const Config& config, Random& random) {
    std::set<std::pair<int64_t, int64_t>> zeroed;
    Scope scope;
    for (const auto& a : plan.actions) {
        if (a.kind != ActionKind::zero) continue;
        scope = a.scope;
        for (int64_t h = 0; h < config.moe.hops_of(a.layer); ++h)
            if (a.scope.at_hop(h)) zeroed.insert({a.layer, h});
    }
    std::vector<std::pair<int64_t, int64_t>> others;
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        for (int64_t h = 0; h < config.moe.hops_of(l); ++h)
            if (!zeroed.count({l, h})) others.push_back({l, h});
    if (zeroed.empty() || others.size() < zeroed.size()) return;
    std::erase_if(plan.actions, [](const LayerAction& a) { return a.kind == ActionKind::zero; });
    for (size_t i = 0; i < zeroed.size(); ++i) {
        std::swap(others[i], others[i + random.below(others.size() - i)]);
        LayerAction action;
        action.kind = ActionKind::zero;
        action.layer = others[i].first;
        action.scope = scope;
        action.scope.hops = {others[i].second};
        plan.actions.push_back(action);
    }
}

}  // namespace

Plan random_control(const Plan& plan, const Config& config, const Weights& weights, uint64_t seed) {
    Random random(seed);
    Plan out = plan;
    for (auto& a : out.actions) {
        a.seed = random.next();
        if (a.kind == ActionKind::freeze_routing || a.kind == ActionKind::freeze_choices)
            a.kind = ActionKind::exchange;
        else if (a.kind == ActionKind::knock_out && a.experts.empty())
            a.rank =
                1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(config.moe.top_k - 1)));
        else if (!a.experts.empty())
            a.experts = other_experts(config, a.layer, a.experts, random);
    }
    for (auto& move : out.moves) move = other_move(move, config, weights, random);
    redraw_zeroed(out, config, random);
    return out;
}

}  // namespace hopscope::core
