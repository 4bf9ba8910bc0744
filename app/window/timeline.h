// The strip of the run's time under the panels: what has been trained, the snapshots that are kept,
// interventions and forks as marks with their names, and the one cursor that all panels follow.
// Dragging shows the past; at the right end the panels are live again. Owned by the shell, window
// thread only.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <span>
#include <string>
#include <vector>

#include "app/panels/curves/view.h"
#include "app/state/actions.h"

namespace hopscope::app {

/// Where steps lie on a track between two pixels; step 0 left, `steps` right.
struct TrackScale {
    float left = 0, right = 1;
    int64_t steps = 1;
    float x_of(double step) const;
    int64_t step_at(float x) const;  ///< 0 … steps
};

class Timeline {
  public:
    /// Whether there is a time to show: a run is open and has a length.
    static bool shown(const AppState& state);
    void draw(AppState& state, std::span<const ActionItem> actions, float height);

  private:
    void draw_controls(AppState& state, std::span<const ActionItem> actions, float height);
    void draw_track(AppState& state, ImVec2 at, ImVec2 size);
    static void draw_ground(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size);
    void draw_marks(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size);
    static void draw_cursor(const AppState& state, const TrackScale& scale, ImVec2 at, ImVec2 size);
    void follow_pointer(AppState& state, const TrackScale& scale);
    void draw_tooltip(const AppState& state, const TrackScale& scale) const;

    std::vector<Mark> marks_;
    bool held_ = false;
};

/// The actions of the cursor: play, step, live.
std::vector<ActionItem> timeline_actions(AppState& state);

}  // namespace hopscope::app
