// What follows from a traced prompt: the bars of the next token, and what early halting does to
// this prompt, to validation loss, and beside chance. Owned by the trajectory panel, window thread
// only.
#pragma once

#include <memory>

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class EffectTable {
  public:
    /// Takes the inspector's newest answer; once a frame.
    void update(const AppState& state);
    void forget() { effect_ = nullptr; }

    /// Next-token bars of the shown token, where there is a trace; under halting both lists.
    void draw_next(AppState& state, const TraceView& view) const;
    /// The slider of the threshold, and the numbers of halting.
    void draw_halting(AppState& state, const TraceView& view) const;

  private:
    struct Bars;
    static void draw_next_row(const AppState& state, const NextRow& row, const Bars& bars);
    /// The answer, if it is that of the shown trace and threshold.
    const core::HaltingEffect* effect_of(const AppState& state, double epsilon) const;
    void draw_effect(AppState& state, double epsilon) const;

    std::shared_ptr<const core::HaltingEffect> effect_;
};

}  // namespace hopscope::app
