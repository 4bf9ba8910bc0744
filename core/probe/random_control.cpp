// The random control beside every intervention: the same script with its targets drawn at random.
#include "core/probe/random_control.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/random.h"
#include "core/model/pools.h"
#include "core/probe/intervention_kind.h"
#include "core/probe/interventions/table.h"

namespace hopscope::core {

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
        for (const auto* list : {&plan.actions, &plan.edits})
            for (const auto& a : *list)
                for (const int64_t e : a.experts) add(a.layer, e);
        for (const auto* list : {&plan.actions, &plan.edits})
            for (const auto& a : *list)
                for (const int64_t e : kind_of(a).spared(a)) avoided[a.layer].insert(e);
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

int64_t ControlDraw::other_than(int64_t layer, int64_t expert) const {
    return others.of(layer, expert);
}

Plan random_control(const Plan& plan, const Model& model, uint64_t seed) {
    Random random(seed);
    Plan out = plan;
    const OtherExperts others(plan, model.config, random);
    const ControlDraw draw{model, others, random};
    const auto redraw = [&](LayerAction& a) {
        kind_of(a).redraw(a, draw);
        for (int64_t& e : a.experts) e = others.of(a.layer, e);
        std::sort(a.experts.begin(), a.experts.end());
    };
    for (auto& a : out.actions) {
        a.seed = random.next();
        redraw(a);
    }
    for (auto& edit : out.edits) redraw(edit);
    for (const InterventionKind* kind : intervention_kinds()) kind->redraw_plan(out, draw);
    return out;
}

}  // namespace hopscope::core
