// The strip of time under the panels. One scrubber for two clocks: the run's steps (its phases, the
// snapshots that are kept, interventions and forks as marks with their names) and the hops that a
// token takes through the layers. All panels follow its cursor; at the right end they are live
// again, or show all hops. Owned by the shell, window thread only.
#pragma once

#include <imgui.h>
#include <span>
#include <string>
#include <vector>

#include "app/state/actions.h"
#include "app/state/hop_clock.h"
#include "app/widgets/time_track.h"

namespace hopscope::app {

class Timeline {
  public:
    /// Whether there is a time to show: a run is open and has a length.
    static bool shown(const AppState& state);
    void draw(AppState& state, std::span<const ActionItem> actions, float height);

  private:
    static void draw_controls(AppState& state, std::span<const ActionItem> actions, float height);
    void draw_steps(AppState& state, ImVec2 at, ImVec2 size);
    void draw_hops(AppState& state, ImVec2 at, ImVec2 size);

    TimeTrack track_;
};

/// What the track shows of the run's steps; `length` pixels for its numbers.
TrackContent steps_content(const AppState& state, float length);
/// What it shows of the hops.
TrackContent hops_content(const AppState& state, float length);
/// The phase at a step and what a phase is, for a tooltip; "" where none is known.
std::string phase_text(const AppState& state, double step);

/// The actions of both clocks: play, step, live.
std::vector<ActionItem> timeline_actions(AppState& state);

}  // namespace hopscope::app
