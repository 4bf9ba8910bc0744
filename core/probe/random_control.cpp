// The random control beside every intervention: the same script with its targets drawn at random.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/model/router.h"
#include "core/probe/plan.h"
#include "core/probe/trace.h"
#include "core/text/random.h"

namespace hopscope::core {
namespace {

/// For every expert that a plan acts on another of the same layer and pool: one for one over the
/// whole plan, so that lines on the same experts share their draws and the control is of the same
/// size. No target is drawn as long as the pool has others.
class OtherExperts {
  public:
    OtherExperts(const Plan& plan, const Config& config, Random& random) {
        std::map<int64_t, std::vector<int64_t>> targets;  // by layer, in the plan's order
        std::map<int64_t, std::set<int64_t>> avoided;
        const auto add = [&](int64_t layer, int64_t expert) {
            if (avoided[layer].insert(expert).second) targets[layer].push_back(expert);
        };
        for (const auto& a : plan.actions)
            for (const int64_t e : a.experts) add(a.layer, e);
        for (const auto& move : plan.moves) add(move.layer, move.expert);
        // Surgery that gave an expert its own direction back would change nothing.
        for (const auto& a : plan.actions)
            if (a.kind == ActionKind::surgery && a.with != "random" && a.with != "negate")
                avoided[a.layer].insert(std::stoll(a.with));
        for (const auto& [layer, experts] : targets)
            draw(config, layer, experts, avoided.at(layer), random);
    }

    int64_t of(int64_t layer, int64_t expert) const { return drawn_.at({layer, expert}); }

  private:
    void draw(const Config& config, int64_t layer, const std::vector<int64_t>& targets,
              const std::set<int64_t>& avoided, Random& random) {
        std::set<int64_t> taken;
        for (const int64_t target : targets) {
            const auto [offset, size] = pool_of(config, layer, target);
            std::vector<int64_t> free;
            for (const bool spare : {true, false}) {
                for (int64_t e = offset; e < offset + size; ++e)
                    if (!taken.count(e) && !(spare && avoided.count(e))) free.push_back(e);
                if (!free.empty()) break;
            }
            const int64_t other = free[random.below(free.size())];
            taken.insert(other);
            drawn_[{layer, target}] = other;
        }
    }

    std::map<std::pair<int64_t, int64_t>, int64_t> drawn_;  ///< (layer, target) → drawn
};

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
                         const OtherExperts& others, Random& random) {
    const auto& w = weights.layers[static_cast<size_t>(move.layer)];
    const bool points = config.moe.router == "kmeans" && config.moe.kmeans == "plain";
    const auto rows = points ? w.centroids.detach() : router_rows(w);
    const auto from = row_of(rows, move.expert);
    MovedCentroid out = move;
    out.expert = others.of(move.layer, move.expert);
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

/// Zeroed (layer, hop) pairs become as many others, each for the tokens of the one it stands for;
/// where all are zeroed nothing is left to draw.
void redraw_zeroed(Plan& plan, const Config& config, Random& random) {
    std::map<std::pair<int64_t, int64_t>, std::vector<Scope>> zeroed;
    for (const auto& a : plan.actions) {
        if (a.kind != ActionKind::zero) continue;
        for (int64_t h = 0; h < config.moe.hops_of(a.layer); ++h)
            if (a.scope.at_hop(h)) zeroed[{a.layer, h}].push_back(a.scope);
    }
    std::vector<std::pair<int64_t, int64_t>> others;
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        for (int64_t h = 0; h < config.moe.hops_of(l); ++h)
            if (!zeroed.count({l, h})) others.push_back({l, h});
    if (zeroed.empty() || others.size() < zeroed.size()) return;
    std::erase_if(plan.actions, [](const LayerAction& a) { return a.kind == ActionKind::zero; });
    size_t i = 0;
    for (const auto& [pair, scopes] : zeroed) {
        std::swap(others[i], others[i + random.below(others.size() - i)]);
        for (const Scope& scope : scopes) {
            LayerAction action;
            action.kind = ActionKind::zero;
            action.layer = others[i].first;
            action.scope = scope;
            action.scope.hops = {others[i].second};
            plan.actions.push_back(action);
        }
        ++i;
    }
}

}  // namespace

Plan random_control(const Plan& plan, const Config& config, const Weights& weights, uint64_t seed) {
    Random random(seed);
    Plan out = plan;
    const OtherExperts others(plan, config, random);
    for (auto& a : out.actions) {
        a.seed = random.next();
        if (a.kind == ActionKind::freeze_routing)
            a.kind = ActionKind::exchange;
        else if (a.kind == ActionKind::freeze_choices)
            a.kind = ActionKind::exchange_choices;
        else if (a.kind == ActionKind::knock_out && a.experts.empty())
            a.rank =
                1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(config.moe.top_k - 1)));
        for (int64_t& e : a.experts) e = others.of(a.layer, e);
        std::sort(a.experts.begin(), a.experts.end());
    }
    for (auto& move : out.moves) move = other_move(move, config, weights, others, random);
    redraw_zeroed(out, config, random);
    return out;
}

}  // namespace hopscope::core
