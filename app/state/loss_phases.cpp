#include "app/state/loss_phases.h"

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

constexpr double kFindEvery = 5;  ///< seconds, while the run is trained

}  // namespace

void LossPhases::update(AppState& state) {
    if (auto found = finding_.take()) {
        if (!(*found == phases_)) state.keep_drawing(1);
        phases_ = *std::move(found);
    }
    if (finding_.waits() || !state.services.find_phases || state.history.version == found_for_)
        return;
    if (state.training() && state.now - looked_at_ < kFindEvery) return;
    found_for_ = state.history.version;
    looked_at_ = state.now;
    finding_ = state.aside([find = state.services.find_phases, steps = state.history.step,
                            losses = state.history.loss] { return find(steps, losses); });
}

int64_t LossPhases::at(double step) const {
    if (phases_.empty() || step < phases_.front().from || step > phases_.back().to) return -1;
    size_t i = 0;
    while (i + 1 < phases_.size() && step >= phases_[i + 1].from) ++i;
    return static_cast<int64_t>(i);
}

}  // namespace hopscope::app
