// Draws a sweep: variants with the range of their runs, the runs themselves faint behind, the
// Pareto front and the line, where there is one. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/panels/sweep/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SweepPlot {
  public:
    /// Part of an axis that is shown.
    struct Span {
        double low = 0, high = 1;
    };

    /// `fit`: axes are set to all of it first, as a double click does. → folder of the run that
    /// was clicked, or of the first of a variant; "" for none.
    std::string draw(AppState& state, const SweepPicture& picture, ImVec2 size, bool fit);

  private:
    void set_up_axes(const SweepPicture& picture, ImVec2 size, bool fit);
    void draw_front(const AppState& state, const SweepPicture& picture) const;
    void draw_trend(const AppState& state, const SweepPicture& picture) const;
    void draw_group(const AppState& state, const SweepGroup& group) const;
    void draw_names(const AppState& state, const SweepPicture& picture) const;
    std::string point_under_mouse(const AppState& state, const SweepPicture& picture) const;

    Span x_, y_;          ///< as last drawn
    bool refit_ = false;  ///< a double click asked for all of it
};

}  // namespace hopscope::app
