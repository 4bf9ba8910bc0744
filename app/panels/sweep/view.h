// A sweep: one number of every run over another, runs of a variant with their mean and range, the
// Pareto front and, where it can be told, a line through the variants; the same as a table. Pure
// functions, window thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "app/panels/sweep/axes.h"
#include "app/state/compared_runs.h"
#include "app/state/sweep.h"
#include "core/api/trend.h"

namespace hopscope::app {

struct SweepPoint {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    std::string dir, name;
    uint64_t seed = 0;
    double x = kNone, y = kNone;
    double low = kNone, high = kNone;  ///< 95 % interval of y, where its document has one
    int64_t n = 0;                     ///< y is over so many; 0: not told
    std::string over, from;            ///< of what; where y was read
    int64_t step = -1;                 ///< newest of the run
    std::string left_out;  ///< why the mean of its variant is without it; "": it is in it
};

/// Runs of one variant: means over those that are in it, and their range.
struct SweepGroup {
    std::string name;
    size_t place = 0;  ///< of line_color() and line_marker()
    std::vector<SweepPoint> points;
    size_t n = 0;  ///< runs in the mean
    double x = SweepPoint::kNone, x_low = x, x_high = x;
    double y = x, y_low = x, y_high = x;
    bool front = false;
};

struct SweepPicture {
    SweepAxis x, y;
    std::string refusal;                ///< why there is nothing to draw, a sentence; "": there is
    std::vector<std::string> words;     ///< at x = 0, 1, …; empty where x is a number
    std::vector<SweepGroup> groups;     ///< those with a mean, by rising x
    std::vector<std::string> lacking;   ///< runs without x or y
    std::vector<std::string> problems;  ///< what could not be read
    bool log_x = false, log_y = false;  ///< as asked for, where all values are above 0
    std::string no_log_x, no_log_y;     ///< why not; "": it can be
    core::Better better_x = core::Better::unknown, better_y = core::Better::unknown;
    std::string no_front;  ///< why there is no front, a sentence; "": there is
    core::Trend trend;     ///< of the logarithms on logarithmic axes
    std::string no_trend;  ///< why no line is drawn, a sentence; "": it is

    size_t runs() const;
};

using LineThrough =
    std::function<core::Trend(const std::vector<double>& x, const std::vector<double>& y)>;

/// `line` may be empty: there is no trend then.
SweepPicture sweep_picture(const SweepRuns& runs, const std::vector<SweepAxis>& axes,
                           const SweepChoice& choice, const std::vector<ComparedEntry>& entries,
                           const LineThrough& line);

/// y of the trend's line at x, both as they stand on the axes.
double trend_at(const SweepPicture& picture, double x);

enum class SweepColumn { variant, runs, x, y, low, high, front };
/// Variants in that order; those without the value last.
void sort_groups(std::vector<SweepGroup>& groups, SweepColumn by, bool falling);

/// x as it is written: a number in full, or the word.
std::string x_text(const SweepPicture& picture, double x);
/// A value of the axis for people: large counts in millions.
std::string value_text(double value);
/// What is under the pointer.
std::string explained(const SweepPicture& picture, const SweepGroup& group,
                      const SweepPoint* point);
/// "n = 5 variants   slope −0.12 [−0.2, −0.04]   R² 0.9"
std::string trend_text(const SweepPicture& picture);

/// A line a variant, and a line a run below it: the table, with units in the header.
std::string csv_of(const SweepPicture& picture);

}  // namespace hopscope::app
