// What is chosen above the curves: the quantity, what the axes count and how, the mean, the view.
// Part of the curves panel; window thread only.
#pragma once

#include <functional>

#include "app/panels/curves/plot.h"
#include "app/panels/curves/view.h"
#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

class CurvesControls {
  public:
    /// Both outlive it.
    CurvesControls(CurveChoice& choice, CurvesPlot& plot) : choice_(choice), plot_(plot) {}

    /// Whether the run, or the runs, have a quantity.
    using Offers = std::function<bool(Quantity)>;

    /// Tabs of those on offer, or, in a `narrow` panel, a list.
    void draw_quantities(AppState& state, bool narrow, const Offers& offers);
    /// The rest, with `export_buttons` in their place.
    void draw_options(AppState& state, bool narrow, const std::function<void()>& export_buttons);
    /// What is chosen, for a session file, and back: what is not known there stays as it is.
    PanelView view() const;
    void restore(const PanelView& view);

  private:
    void draw_tabs(AppState& state, const Offers& offers);
    void draw_list(AppState& state, const Offers& offers);
    void draw_statistic(AppState& state);
    void draw_scales(AppState& state);
    void fit_button(AppState& state);
    void draw_mean(AppState& state);
    void draw_past(const AppState& state, float width);

    CurveChoice& choice_;
    CurvesPlot& plot_;
};

}  // namespace hopscope::app
