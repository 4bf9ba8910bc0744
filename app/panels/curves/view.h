// What the curves panel shows, computed without ImGui: which series belong to a quantity, their
// smoothing, the marks of interventions, the read-out at a position. Pure functions on the history,
// window thread.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/state/history.h"
#include "core/api/command.h"

namespace hopscope::app {

enum class Quantity { loss, perplexity, lr, grad_norm, balance, routing, fork };
enum class XAxis { step, tokens, time, elapsed };
enum class YScale { linear, log, symlog };
/// How the values of the updates are averaged over those before them.
enum class Mean { none, exponential, running };
struct QuantityText {
    const char* tab;
    const char* axis;   ///< with its unit
    const char* empty;  ///< what will appear
};
QuantityText text_of(Quantity quantity);
const char* name_of(XAxis axis);  ///< "step"
const char* axis_of(XAxis axis);  ///< "training time"
const char* help_of(XAxis axis);  ///< what it counts, a sentence
inline bool is_time(XAxis axis) {
    return axis == XAxis::time || axis == XAxis::elapsed;
}
const char* name_of(YScale scale);  ///< "log y"
const char* name_of(Mean mean);     ///< "running mean"

enum class Role { raw, smooth, points, layer, lane, lane_points };

/// One line. `xs` and raw `ys` look into the history and hold until it changes; smoothed values,
/// and both coordinates of what is measured now and then, are owned.
struct Series {
    std::string name;
    Role role = Role::raw;
    size_t layer = 0;  ///< of role layer; the lane's place for roles lane and lane_points
    std::span<const double> xs, ys;
    std::vector<double> owned, owned_xs;
};

struct CurveChoice {
    Quantity quantity = Quantity::loss;
    XAxis x = XAxis::step;
    RoutingStat stat = RoutingStat::entropy;
    Mean mean = Mean::exponential;
    float past = 0.95f;  ///< weight of the past in an exponential mean, 0 … 0.999
    int window = 50;     ///< updates in a running mean
    bool smooths() const {
        return mean == Mean::running || (mean == Mean::exponential && past > 0);
    }
    bool operator==(const CurveChoice&) const = default;
};
/// Whether means are taken of what the choice shows.
bool can_smooth(const CurveChoice& choice);
/// "mean of 50", "EMA 0.95" (exponential moving average); "" without one.
std::string mean_in_words(const CurveChoice& choice);

/// What a plot without lines says: when they come, or what the run lacks for them.
struct EmptyText {
    const char* title;
    std::string text;
};
EmptyText empty_text(const History& history, const core::Config& config, const CurveChoice& choice);

/// All series of a quantity, in drawing order: raw first, smoothed over it, validation last.
std::vector<Series> curves_of(const History& history, const CurveChoice& choice);

/// One run of a race; the history outlives what is made of it.
struct Lane {
    std::string name;
    const History* history = nullptr;
};
/// The series of a race: one line a lane, smoothed if at all, and its validation. The routing
/// statistics, a line a layer already, are those of the first lane.
std::vector<Series> curves_of(std::span<const Lane> lanes, const CurveChoice& choice);

/// Loss of a fork made after `step` updates less that of its run, in nats: of each batch, smoothed,
/// and on validation. Both histories outlive what is made of them.
std::vector<Series> fork_curves(const History& run, const History& fork, int64_t step,
                                const CurveChoice& choice);

/// Where an update lies on an axis; nothing where the axis needs a record that is not there.
std::optional<double> x_at(const History& history, XAxis axis, double step);
/// The update at or before a place on an axis; 0 before the first.
int64_t step_at(const History& history, XAxis axis, double x);

/// An applied intervention, or a fork, on the curves.
struct Mark {
    double x = 0;
    std::string text;
    bool fork = false;
    /// Of a crossing: the validation loss at which the lines meet, in nats; NaN otherwise.
    double loss = std::numeric_limits<double>::quiet_NaN();
};
std::vector<Mark> marks_of(const std::vector<core::Answer>& answers, const History& history,
                           XAxis axis);

/// Where one lane overtakes another in validation loss (core/api/crossings.h): by step and tokens,
/// or by time, as the axis asks.
std::vector<Mark> crossings_of(std::span<const Lane> lanes, XAxis axis);

/// The value of a series nearest to `x` among the finite ones; false when it has none.
bool value_at(const Series& series, double x, double& at, double& value);
/// Last finite value; false when there is none.
bool last_value(const Series& series, double& x, double& y);

}  // namespace hopscope::app
