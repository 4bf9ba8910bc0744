#include "app/state/token_sample.h"

#include <algorithm>

#include "app/state/actions.h"
#include "app/state/app_state.h"

namespace hopscope::app {

std::string TokenSample::refusal(const AppState& state) const {
    if (!state.services.token_sample) return "This window has no laboratory.";
    if (!state.session) return no_run(state);
    for (const core::Need need : {core::Need::experts, core::Need::model})
        if (std::string lack = state.lacks(need); !lack.empty()) return lack;
    if (state.status.run_dir.empty()) return "The run has no folder yet.";
    return working() ? "A sample is being taken." : "";
}

void TokenSample::start(AppState& state) {
    if (!refusal(state).empty()) return;
    if (!shown_) snapshot_ = nullptr;  // two of them are a gigabyte each, at most
    slot_ = std::make_shared<Snapshot>();
    asked_at_ = state.time.moves();
    task_ = {};
    task_.name = "sample of tokens";
    task_.id = state.task_runner().start(
        task_.name,
        [sample = state.services.token_sample, run = state.status.run_dir,
         tokens = std::clamp<int64_t>(wanted, 1, core::kMostSampleTokens),
         version = TimeCursor::new_version(),
         slot = slot_](const core::Progress& progress) -> core::Result<std::string> {
            auto taken = sample(run, tokens, progress);
            if (!taken) return taken.error();
            taken->version = version;
            *slot = std::make_shared<const core::GeometrySnapshot>(*std::move(taken));
            return std::to_string((*slot)->token_ids.size()) + " tokens of step " +
                   std::to_string((*slot)->step);
        });
    state.keep_drawing();
}

void TokenSample::cancel(AppState& state) const {
    if (working() && state.tasks) state.tasks->cancel(task_.id);
}

void TokenSample::show(AppState& state) {
    if (!snapshot_) return;
    shown_ = true;
    moves_ = state.time.moves();
    state.keep_drawing();
}

const char* TokenSample::routed_once() const {
    return shown_
               ? "The larger sample was routed once, at its own step. Go back to the probe sample "
                 "(Routing space, More), which the run has routed at each snapshot it keeps."
               : "The sample has been routed once so far. A second time comes with the next "
                 "snapshot that is due (train.snapshot_every).";
}

void TokenSample::put_away(AppState& state) {
    if (!std::exchange(shown_, false)) return;
    state.keep_drawing();
}

void TokenSample::follow_task(AppState& state) {
    if (!working() || !state.tasks) return;
    for (const TaskView& task : state.tasks->tasks())
        if (task.id == task_.id) task_ = task;
    if (!task_.ended()) return;  // each report wakes the window
    if (task_.state == TaskState::failed) state.say(task_.name + ": " + task_.outcome, true);
    if (task_.state != TaskState::done || !slot_ || !*slot_) return;
    snapshot_ = std::exchange(*slot_, nullptr);
    if (state.time.moves() == asked_at_) return show(state);
    // Another moment was gone to meanwhile; nobody is taken away from it.
    put_away(state);
    state.say(task_.outcome + " are ready: Routing space, More, Show it again");
}

TokenSample::Snapshot TokenSample::update(AppState& state, const Snapshot& snapshot) {
    follow_task(state);
    if (shown_ && state.time.moves() != moves_) put_away(state);
    if (shown_) return snapshot_;
    // Of what the run's own sample does not have nothing can stay selected.
    if (snapshot)
        state.selection_history.keep_probe_tokens(
            state.selection,
            std::max(std::ssize(snapshot->token_ids), std::ssize(snapshot->pieces)));
    return snapshot;
}

}  // namespace hopscope::app
