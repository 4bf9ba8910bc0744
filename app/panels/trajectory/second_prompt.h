// The second prompt of the trajectory panel: its field, its strip below that of the first, what
// stands below what, and where the choices of two aligned tokens differ. Owned by the panel, window
// thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/trajectory/alignment.h"
#include "app/panels/trajectory/strip.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Whether both prompts are traced, and the second is to be seen.
bool has_second(const AppState& state);

/// The token of the first prompt that is compared: the shown one; where none is selected and none
/// stands below that, the last one that stands above another.
int64_t paired_token(const AppState& state, const Alignment& pairs);

class SecondStrip {
  public:
    /// Once a frame: what is computed of the two traces.
    void update(AppState& state, const TraceView& first);
    void forget() { *this = {}; }

    /// The field, where the prompt is open. True if the prompts are to be traced.
    bool draw_field(AppState& state, const std::string& refusal);
    /// The strip below `first`, the controls of the alignment; or why there is none. True if the
    /// prompts are to be traced anew.
    bool draw(AppState& state, TokenStrip& first);

    const Alignment& pairs() const { return pairs_; }
    const std::vector<PairedHop>& hops() const { return hops_; }
    /// Room that the strip of the first prompt has to leave.
    StripRoom room() const { return {pairs_.lead(), pairs_.total()}; }

  private:
    void meet(AppState& state) const;
    void draw_token(AppState& state, int64_t token, const ChipLayout& layout, ImVec2 at) const;
    void draw_alignment(AppState& state) const;

    TraceView view_;
    Alignment pairs_;
    std::vector<PairedHop> hops_;  ///< [columns]
    uint64_t seen_trace_ = 0;      ///< version of the first prompt's, from which they are
    bool focus_ = false, was_open_ = false;
};

/// The second prompt becomes the first, and the first the second.
void swap_prompts(AppState& state);

}  // namespace hopscope::app
