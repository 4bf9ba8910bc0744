// The picture above a table of an analysis: one column over another or over the rows as they are
// sorted, with the interval that the table gives, a series a layer. What is drawn is computed
// without a window (plot_columns, plot_of); TablePlot keeps what the person chose. Window thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/analyses/view.h"

namespace hopscope::app {

struct AppState;

/// Points of one series: rows with a number in both columns.
struct TableSeries {
    std::string name;  ///< "layer 2"; "" where the table has no layers, or too many to tell apart
    std::vector<double> x, y;
    std::vector<double> below, above;  ///< distance to the interval's ends; empty: none is given
    std::vector<size_t> rows;          ///< of the table, for tooltips
};

/// Columns that hold a number in some row, without the ends of intervals.
std::vector<size_t> plot_columns(const ResultTable& table);
/// The first that measures something: not a place such as layer, hop or expert. None: no picture.
std::optional<size_t> first_measured(const ResultTable& table);
/// What it is drawn over at first: the column that says where a row belongs. None: the rows.
std::optional<size_t> first_place(const ResultTable& table);
/// `x`: none: the rows in their order. The interval is that of the columns "Y_ci95_low" and
/// "Y_ci95_high"; in older files "ci95_low" and "ci95_high" right behind `y`, or "Y_low", "Y_high".
std::vector<TableSeries> plot_of(const ResultTable& table, size_t y, std::optional<size_t> x);

/// Where the horizontal axis counts whole things, as layers or hops: its few values, so that no
/// number stands between them. Empty: anything else.
std::vector<double> whole_ticks(const std::vector<TableSeries>& series);

class TablePlot {
  public:
    /// The table has other rows, or in another order: what is drawn is made anew from it.
    void forget() { stale_ = true; }
    /// Whether there is something to draw.
    bool has_picture(const ResultTable& table);
    /// Draws the choice of columns and the plot, where has_picture(); a click on a point selects
    /// its expert where the table has layers and experts. `picture`: where not empty, the plot is
    /// written to RUN/analysis/PICTURE.png.
    void draw(AppState& state, const ResultTable& table, const std::string& picture);

  private:
    void choose(AppState& state, const ResultTable& table);
    void point_under_mouse(AppState& state, const ResultTable& table) const;

    std::string y_, x_;  ///< names of columns; empty: the first measured one, the first place
    // Made when the table or the choice changes, not each frame.
    bool stale_ = true;
    std::vector<size_t> columns_;
    std::optional<size_t> first_;
    std::vector<TableSeries> series_;
    std::string fitted_;  ///< what the axes were last fitted to
};

}  // namespace hopscope::app
