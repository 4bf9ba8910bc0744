#include "core/trainer/live_run.h"

namespace hopscope::core {

Due LiveRun::due(int64_t step) const {
    const auto& train = config.train;
    const bool last = step == train.steps;
    const auto every = [&](int64_t period) {
        return last || (period > 0 && step > 0 && step % period == 0);
    };
    return {every(train.eval_every), every(train.checkpoint_every), every(train.snapshot_every)};
}

Status LiveRun::apply(const Command& command) {
    // Older commands of this step first, so that the log's order is that of application.
    if (auto s = catch_up(); !s) return s;
    if (auto s = engine.apply(command); !s) return s;
    geometry.outdate();  // it may change what the probe sample is routed by
    return {};
}

}  // namespace hopscope::core
