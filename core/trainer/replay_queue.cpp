#include "core/trainer/replay_queue.h"

#include <algorithm>
#include <iterator>

#include "core/api/command_registry.h"

namespace hopscope::core {

bool changes_training(const Command& command) {
    return spec_of(command.kind).changes_training;
}

ReplayQueue::ReplayQueue(const std::vector<LoggedCommand>& log, const EngineState& state) {
    std::copy_if(log.begin(), log.end(), std::back_inserter(waiting_),
                 [](const LoggedCommand& entry) { return changes_training(entry.command); });
    // In the order they were applied: of one step as logged (LiveRun::apply sees to it).
    std::stable_sort(
        waiting_.begin(), waiting_.end(),
        [](const LoggedCommand& a, const LoggedCommand& b) { return a.step < b.step; });
    // Those the checkpoint holds are not applied twice: a second `clear` or `unfreeze` would take
    // away something else, or nothing. Older checkpoints hold what came before their step.
    const int64_t held = state.commands;
    const auto behind =
        held >= 0 ? waiting_.begin() + std::min<int64_t>(held, std::ssize(waiting_))
                  : std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const auto& entry) { return entry.step >= state.step; });
    waiting_.erase(waiting_.begin(), behind);
}

Status ReplayQueue::apply_due(Engine& engine) {
    while (!waiting_.empty() && waiting_.front().step <= engine.state().step) {
        if (auto s = engine.apply(waiting_.front().command); !s) return s;
        waiting_.pop_front();
    }
    return {};
}

}  // namespace hopscope::core
