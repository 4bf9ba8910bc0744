#include "app/panels/matches/question.h"

#include <algorithm>

namespace hopscope::app {
namespace {

constexpr double kListEvery = 2.0;  ///< seconds, while the open run goes on

const std::vector<int64_t> kNoSteps;

/// The folder of the run that is open, of a race of its first lane.
std::string open_dir(const AppState& state) {
    for (const ComparedEntry& entry : state.compared.entries())
        if (entry.open) return entry.dir;
    return {};
}

}  // namespace

const std::vector<int64_t>& MatchQuestion::steps_of(const std::string& run) const {
    const auto found = kept_.find(run);
    return found == kept_.end() ? kNoSteps : found->second.steps;
}

void MatchQuestion::look(AppState& state, const std::string& run) {
    if (!state.services.kept_snapshots || run.empty()) return;
    Kept& kept = kept_[run];
    if (kept.looking.waits()) return;
    kept.looking = state.aside([list = state.services.kept_snapshots, run] { return list(run); });
}

std::string MatchQuestion::refusal(const AppState& state) const {
    if (!state.services.match_experts) return "This window cannot read other snapshots.";
    const std::string lack = state.lacks(core::Need::experts);
    if (!lack.empty() && a.run == open_dir(state)) return lack;
    for (const MatchSide* side : {&a, &b}) {
        if (side->run.empty()) return "The run has no folder yet.";
        const auto kept = kept_.find(side->run);
        if (kept == kept_.end() || !kept->second.looked) continue;
        if (kept->second.steps.empty())
            return side->run + " keeps no snapshot yet (train.snapshot_every).";
    }
    if (a.run == b.run && resolved(a) >= 0 && resolved(a) == resolved(b))
        return "Both sides are the same checkpoint. Choose another step or run.";
    return {};
}

int64_t MatchQuestion::resolved(const MatchSide& side) const {
    const auto& steps = steps_of(side.run);
    return side.step >= 0 || steps.empty() ? side.step : steps.back();
}

/// A run that is no longer in the list gives way to the open one: its beginning against its end.
void MatchQuestion::choose_sides(AppState& state) {
    const std::string own = open_dir(state);
    const auto known = [&](const MatchSide& side) {
        return !side.run.empty() && state.compared.of(side.run);
    };
    if (!known(b)) b = {own, -1};
    if (!known(a)) {
        a = {own, -1};
        if (a == b && !steps_of(own).empty()) a.step = steps_of(own).front();
    }
    // What is kept comes later than the run.
    if (a == b && steps_of(a.run).size() > 1) a.step = steps_of(a.run).front();
}

void MatchQuestion::follow_pair(const AppState& state) {
    const auto pair = state.comparison.pair();
    const auto& result = state.comparison.result();
    if (!pair || !result) return;
    const auto dir = [&](size_t variant) {
        return result->runs[result->variants[variant].runs.front()].dir;
    };
    const std::pair now(dir(pair->first), dir(pair->second));
    if (now == followed_) return;
    followed_ = now;
    a = {now.first, -1};
    b = {now.second, -1};
}

void MatchQuestion::update(AppState& state) {
    for (auto& [run, kept] : kept_)
        if (auto found = kept.looking.take()) {
            kept.looked = true;
            kept.steps.clear();
            for (const core::KeptSnapshot& file : *found) kept.steps.push_back(file.step);
            state.keep_drawing();
        }
    if (auto made = work_.take()) {
        state.keep_drawing();
        problem_ = *made ? "" : made->error().message;
        if (*made) answer_ = std::make_shared<const core::ExpertMatches>(std::move(**made));
    }
    follow_pair(state);
    choose_sides(state);
    // The open run keeps more and more.
    const size_t files = state.archive.files().size();
    if (files != seen_files_ && state.now - looked_at_ > kListEvery) {
        seen_files_ = files;
        looked_at_ = state.now;
        look(state, open_dir(state));
    }
    for (const MatchSide* side : {&a, &b})
        if (!side->run.empty() && !kept_[side->run].looked) look(state, side->run);
    if (!refusal(state).empty() || resolved(a) < 0 || resolved(b) < 0) return;
    core::MatchRequest wanted;
    wanted.run_a = a.run;
    wanted.run_b = b.run;
    wanted.step_a = resolved(a);
    wanted.step_b = resolved(b);
    wanted.layer = layer;
    if (wanted == asked_) return;
    asked_ = wanted;
    problem_.clear();
    work_.start(state.wake,
                [match = state.services.match_experts, wanted](const core::Progress& progress) {
                    return match(wanted, progress);
                });
}

}  // namespace hopscope::app
