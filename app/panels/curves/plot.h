// The plot of the curves panel: axes, lines thinned to the pixels, holes in them, newest values and
// a read-out of all series under the pointer. Window thread only, owned by the panel.
#pragma once

#include <imgui.h>
#include <vector>

#include "app/panels/curves/legend.h"
#include "app/panels/curves/ranges.h"
#include "app/panels/curves/variants.h"
#include "app/panels/curves/view.h"
#include "app/state/app_state.h"
#include "viz/thin.h"

namespace hopscope::app {

/// What is drawn. The series look into histories that outlive it.
struct CurvesContent {
    CurveChoice choice;
    std::vector<Series> series;  ///< in drawing order
    std::vector<Mark> marks, crossings;
    std::vector<Band> bands;               ///< behind the lines
    const CurvesLegend* legend = nullptr;  ///< strength of the lines; set before a frame is drawn
    bool listed = false;                   ///< the lines stand in a list beside the plot
    bool of_many = false;                  ///< several runs, none of them a fork of the other
};

class CurvesPlot {
  public:
    bool log_x = false;
    YScale y_scale = YScale::linear;
    double linear_within = 1;  ///< a symlog axis is linear up to this distance from 0

    /// Shows all and grows with the run until the user moves the view.
    void follow() { follow_ = true; }
    bool follows() const { return follow_; }
    /// The part of the x axis that is seen.
    Range view() const { return view_x_; }
    /// Ranges of the axes and the thinned lines; before each frame.
    void prepare(const CurvesContent& content);
    void draw(AppState& state, const CurvesContent& content, ImVec2 size);

  private:
    struct Line {
        size_t series = 0;
        viz::Thinned thinned;
    };

    bool draw_phases(const AppState& state, const CurvesContent& content);
    void draw_frame(const AppState& state, const CurvesContent& content);
    void set_up_x(const CurvesContent& content, float length);
    void set_up_y(float length);
    void draw_bands(const AppState& state, const CurvesContent& content);
    void draw_lines(const AppState& state, const CurvesContent& content);
    void draw_gaps(const AppState& state, const CurvesContent& content);
    void draw_time(AppState& state, const CurvesContent& content);
    void put_back(AppState& state);
    void draw_last_values(AppState& state, const CurvesContent& content);
    void draw_marks_read_out(const AppState& state, const CurvesContent& content, double x);
    void draw_pointed(const AppState& state, const CurvesContent& content);
    void draw_read_out(AppState& state, const CurvesContent& content);
    void watch_view(AppState& state);

    std::vector<Line> lines_;
    float values_width_ = 0;  ///< of the newest values beside the lines, pixels
    bool inside_ = false;     ///< the pointer was over plot or axes in the last frame
    bool follow_ = true;
    Range view_x_, view_y_;
    std::optional<int64_t> before_click_;  ///< where the cursor of time stood; nothing: live
    int columns_ = 400;                    ///< pixel columns of the last drawn plot
};

}  // namespace hopscope::app
