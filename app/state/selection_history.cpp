#include "app/state/selection_history.h"

#include <utility>

namespace hopscope::app {
namespace {

bool selects_the_same(const Selection& a, const Selection& b) {
    return a.experts == b.experts && a.prompt_tokens == b.prompt_tokens &&
           a.probe_tokens == b.probe_tokens && a.hidden == b.hidden;
}

}  // namespace

void SelectionHistory::note(const Selection& selection) {
    if (selection.version == present_.version) return;
    if (!selects_the_same(selection, present_)) {
        past_.push_back({std::move(present_), next_order()});
        if (past_.size() > kMost) past_.erase(past_.begin());
        future_.clear();
    }
    present_ = selection;
}

void SelectionHistory::go(Selection& selection, std::vector<Step>& from, std::vector<Step>& to) {
    note(selection);
    if (from.empty()) return;
    to.push_back({std::move(present_), from.back().order});
    selection.restore(from.back().selection);
    from.pop_back();
    present_ = selection;
}

void SelectionHistory::keep_probe_tokens(Selection& selection, int64_t tokens) {
    note(selection);
    if (!selection.keep_probe_tokens(tokens)) return;
    present_ = selection;
    // From the present outwards: what no longer differs from its neighbour is no step.
    const auto keep_in = [&](std::vector<Step>& steps) {
        const Selection* nearer = &present_;
        std::vector<Step> kept;
        for (size_t i = steps.size(); i > 0; --i) {
            Step step = std::move(steps[i - 1]);
            step.selection.keep_probe_tokens(tokens);
            if (selects_the_same(step.selection, *nearer)) continue;
            kept.insert(kept.begin(), std::move(step));
            nearer = &kept.front().selection;
        }
        steps = std::move(kept);
    };
    keep_in(past_);
    keep_in(future_);
}

void SelectionHistory::undo(Selection& selection) {
    go(selection, past_, future_);
}

void SelectionHistory::take_back(Selection& selection) {
    undo(selection);
    future_.clear();
}

void SelectionHistory::redo(Selection& selection) {
    go(selection, future_, past_);
}

}  // namespace hopscope::app
