// A question to the inspector: one prompt, traced under the trajectory panel's own changes (frozen
// routing, early halting) and the stack of interventions. Asked anew when these change, no more
// often than the inspector can follow. Owned by the panel, window thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

class TraceQuestion {
  public:
    bool freeze = false;  ///< routing of hop 0 at all hops

    /// Everything that holds for the prompt, in the order in which it is sent.
    std::vector<core::Command> interventions(const AppState& state) const;
    /// The panel's own part of them in words, "" for none.
    std::string in_words(const AppState& state) const;

    void ask(AppState& state);
    /// Once a frame: asks again where something changed since.
    void update(AppState& state);
    /// The panel's own changes and the stack are switched off; what was asked is asked without.
    void clear(AppState& state);
    void forget() { *this = {}; }

    bool was_asked() const { return !asked_.empty(); }
    bool waits_for_answer() const { return asked_at_ >= 0; }

  private:
    std::string asked_;                ///< prompt of the last question
    std::vector<core::Command> sent_;  ///< its interventions
    bool waiting_ = false;             ///< a change has not been sent
    double sent_at_ = -1e9;
    double asked_at_ = -1;        ///< of a question whose answer has not come; < 0: none waits
    uint64_t asked_version_ = 0;  ///< version of the trace when it was asked
};

}  // namespace hopscope::app
