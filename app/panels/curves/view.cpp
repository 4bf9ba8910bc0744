#include "app/panels/curves/view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/panels/run/view.h"
#include "app/widgets/format.h"
#include "core/api/crossings.h"
#include "viz/smooth.h"

namespace hopscope::app {
namespace {

constexpr const char* kEachStep = "each step";

const std::vector<double>& x_of(const History& h, XAxis axis) {
    const std::vector<double>* const columns[] = {&h.step, &h.tokens, &h.seconds, &h.elapsed};
    return *columns[static_cast<size_t>(axis)];
}

const std::vector<double>& valid_x_of(const History& h, XAxis axis) {
    const std::vector<double>* const columns[] = {&h.valid_step, &h.valid_tokens, &h.valid_seconds,
                                                  &h.valid_elapsed};
    return *columns[static_cast<size_t>(axis)];
}

std::vector<double> smoothed(std::span<const double> ys, const CurveChoice& choice) {
    return choice.mean == Mean::running
               ? viz::running_mean(ys, static_cast<size_t>(std::max(choice.window, 1)))
               : viz::ema(ys, static_cast<double>(choice.past));
}

bool any_finite(std::span<const double> values) {
    return std::any_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

void add(std::vector<Series>& out, std::string name, Role role, std::span<const double> xs,
         std::span<const double> ys, size_t layer = 0) {
    if (any_finite(ys)) out.push_back({std::move(name), role, layer, xs, ys, {}, {}});
}

void add_owned(std::vector<Series>& out, std::string name, Role role, std::span<const double> xs,
               std::vector<double> ys, size_t layer = 0) {
    if (!any_finite(ys)) return;
    Series series{std::move(name), role, layer, xs, {}, std::move(ys), {}};
    series.ys = series.owned;
    out.push_back(std::move(series));  // the vector's buffer moves with it, so the view stays valid
}

/// What was measured at some updates only, without the gaps between them.
void add_measured(std::vector<Series>& out, std::string name, Role role, std::span<const double> xs,
                  std::span<const double> ys, size_t layer) {
    Series series{std::move(name), role, layer, {}, {}, {}, {}};
    for (size_t i = 0; i < std::min(xs.size(), ys.size()); ++i) {
        if (!std::isfinite(ys[i])) continue;
        series.owned_xs.push_back(xs[i]);
        series.owned.push_back(ys[i]);
    }
    if (series.owned.empty()) return;
    series.xs = series.owned_xs;
    series.ys = series.owned;
    out.push_back(std::move(series));
}

std::vector<double> exp_of(std::span<const double> values) {
    std::vector<double> out(values.size());
    std::transform(values.begin(), values.end(), out.begin(), [](double v) { return std::exp(v); });
    return out;
}

/// A quantity of each update: its values, behind their mean where one is taken, that has its name.
void add_smoothed(std::vector<Series>& out, const std::string& name, std::span<const double> xs,
                  std::span<const double> ys, const CurveChoice& choice) {
    add(out, choice.smooths() ? kEachStep : name, Role::raw, xs, ys);
    if (choice.smooths()) add_owned(out, name, Role::smooth, xs, smoothed(ys, choice));
}

void add_loss(std::vector<Series>& out, const History& h, const CurveChoice& choice) {
    add_smoothed(out, "train", x_of(h, choice.x), h.loss, choice);
    add(out, "validation", Role::points, valid_x_of(h, choice.x), h.valid_loss);
}

void add_perplexity(std::vector<Series>& out, const History& h, const CurveChoice& choice) {
    const auto& xs = x_of(h, choice.x);
    add_owned(out, choice.smooths() ? kEachStep : "train", Role::raw, xs, exp_of(h.loss));
    if (choice.smooths())  // the mean is taken of the loss, so that it is that of a longer batch
        add_owned(out, "train", Role::smooth, xs, exp_of(smoothed(h.loss, choice)));
    add_owned(out, "validation", Role::points, valid_x_of(h, choice.x), exp_of(h.valid_loss));
}

void add_routing(std::vector<Series>& out, const History& h, const CurveChoice& choice) {
    for (size_t i = 0; i < h.layers.size(); ++i) {
        const auto& column = h.layers[i].of(choice.stat);
        const std::string name = "layer " + std::to_string(i);
        if (row_of(choice.stat).with_snapshots)
            add_measured(out, name, Role::layer, x_of(h, choice.x), column, i);
        else if (choice.smooths())
            add_owned(out, name, Role::layer, x_of(h, choice.x), smoothed(column, choice), i);
        else
            add(out, name, Role::layer, x_of(h, choice.x), column, i);
    }
}

}  // namespace

QuantityText text_of(Quantity quantity) {
    switch (quantity) {
        case Quantity::loss:
            return {"loss", "loss, nats per token", "The loss appears with the first update."};
        case Quantity::perplexity:
            return {"perplexity", "perplexity", "The perplexity appears with the first update."};
        case Quantity::lr:
            return {"rate", "learning rate", "The learning rate appears with the first update."};
        case Quantity::grad_norm:
            return {"gradient", "gradient norm before clipping",
                    "The gradient norm appears with the first update."};
        case Quantity::balance:
            return {"balance", "load-balancing loss",
                    "The load-balancing loss appears with the first update of a run that has one."};
        case Quantity::fork:
            return {"fork", "fork \xE2\x88\x92 run, nats per token",
                    "The difference appears with the first update after the fork."};
        case Quantity::routing:
            break;
    }
    return {"routing", "", "The routing statistics appear with the first update, a line a layer."};
}

const char* name_of(XAxis axis) {
    constexpr const char* kNames[] = {"step", "tokens", "time", "elapsed"};
    return kNames[static_cast<size_t>(axis)];
}

const char* axis_of(XAxis axis) {
    constexpr const char* kAxes[] = {"step", "tokens trained on", "training time",
                                     "training time since the first update shown"};
    return kAxes[static_cast<size_t>(axis)];
}

const char* help_of(XAxis axis) {
    constexpr const char* kHelps[] = {
        "Updates", "Tokens trained on", "Time spent training, pauses left out",
        "Time spent training since the first update that the run has, pauses left out: runs that "
        "were forked from others begin at 0"};
    return kHelps[static_cast<size_t>(axis)];
}

const char* name_of(YScale scale) {
    constexpr const char* kNames[] = {"linear y", "log y", "symlog y"};
    return kNames[static_cast<size_t>(scale)];
}

const char* name_of(Mean mean) {
    constexpr const char* kNames[] = {"each step", "EMA", "running mean"};
    return kNames[static_cast<size_t>(mean)];
}

bool can_smooth(const CurveChoice& choice) {
    return choice.quantity != Quantity::lr &&
           (choice.quantity != Quantity::routing || !row_of(choice.stat).with_snapshots);
}

std::string mean_in_words(const CurveChoice& choice) {
    if (!choice.smooths()) return "";
    if (choice.mean == Mean::running) return "mean of " + with_thousands(choice.window);
    return std::string(name_of(choice.mean)) + " " + plain(static_cast<double>(choice.past));
}

EmptyText empty_text(const History& history, const core::Config& config,
                     const CurveChoice& choice) {
    const char* later = text_of(choice.quantity).empty;
    if (history.empty()) return {"No updates yet", later};
    if (choice.quantity != Quantity::routing) return {"Not measured in this run", later};
    const RoutingStatRow& row = row_of(choice.stat);
    auto why = core::missing(core::Need::router, config);
    if (!why) why = core::missing(row.needs, config);
    if (why) return {"Not measured in this run", core::as_sentence(*why)};
    if (!row.with_snapshots) return {"Not measured in this run", later};
    return {"Not measured yet", "It is recorded with each snapshot (train.snapshot_every)."};
}

std::vector<Series> curves_of(const History& h, const CurveChoice& choice) {
    std::vector<Series> out;
    const auto& xs = x_of(h, choice.x);
    switch (choice.quantity) {
        case Quantity::loss:
            add_loss(out, h, choice);
            break;
        case Quantity::perplexity:
            add_perplexity(out, h, choice);
            break;
        case Quantity::lr:
            add(out, "learning rate", Role::smooth, xs, h.lr);
            break;
        case Quantity::grad_norm:
            add_smoothed(out, "gradient norm", xs, h.grad_norm, choice);
            break;
        case Quantity::balance:
            add_smoothed(out, "balance loss", xs, h.balance_loss, choice);
            break;
        case Quantity::routing:
            add_routing(out, h, choice);
            break;
        case Quantity::fork:
            break;  // takes two histories
    }
    return out;
}

std::vector<Series> curves_of(std::span<const Lane> lanes, const CurveChoice& choice) {
    if (choice.quantity == Quantity::routing && !lanes.empty())
        return curves_of(*lanes.front().history, choice);
    std::vector<Series> out;
    for (size_t i = 0; i < lanes.size(); ++i)
        for (Series& series : curves_of(*lanes[i].history, choice)) {
            if (series.role == Role::raw && choice.smooths()) continue;
            const bool points = series.role == Role::points;
            series.name = lanes[i].name + (points ? ", validation" : "");
            series.role = points ? Role::lane_points : Role::lane;
            series.layer = i;
            out.push_back(std::move(series));
        }
    return out;
}

std::vector<Series> fork_curves(const History& run, const History& fork, int64_t step,
                                const CurveChoice& choice) {
    std::vector<Series> out;
    const double after = static_cast<double>(step);
    // From the first entry behind the fork; NaN where the run has none at that step.
    const auto difference = [&](const std::vector<double>& own_step, const std::vector<double>& own,
                                const std::vector<double>& run_step,
                                const std::vector<double>& of_run, size_t first) {
        std::vector<double> values;
        for (size_t i = first; i < own_step.size(); ++i) {
            const auto found = std::lower_bound(run_step.begin(), run_step.end(), own_step[i]);
            const bool paired = found != run_step.end() && *found == own_step[i];
            values.push_back(paired ? own[i] - of_run[static_cast<size_t>(found - run_step.begin())]
                                    : std::numeric_limits<double>::quiet_NaN());
        }
        return values;
    };
    const auto behind = [&](const std::vector<double>& steps) {
        return static_cast<size_t>(std::upper_bound(steps.begin(), steps.end(), after) -
                                   steps.begin());
    };
    const size_t first = behind(fork.step), first_valid = behind(fork.valid_step);
    const auto xs = std::span(x_of(fork, choice.x)).subspan(first);
    auto losses = difference(fork.step, fork.loss, run.step, run.loss, first);
    auto means = choice.smooths() ? smoothed(losses, choice) : std::vector<double>();
    add_owned(out, choice.smooths() ? kEachStep : "train", Role::raw, xs, std::move(losses));
    if (choice.smooths()) add_owned(out, "train", Role::smooth, xs, std::move(means));
    add_owned(
        out, "validation", Role::points, std::span(valid_x_of(fork, choice.x)).subspan(first_valid),
        difference(fork.valid_step, fork.valid_loss, run.valid_step, run.valid_loss, first_valid));
    return out;
}

std::optional<double> x_at(const History& history, XAxis axis, double step) {
    if (axis == XAxis::step) return step;
    const auto found = std::lower_bound(history.step.begin(), history.step.end(), step);
    if (found == history.step.end()) return {};
    return x_of(history, axis)[static_cast<size_t>(found - history.step.begin())];
}

int64_t step_at(const History& history, XAxis axis, double x) {
    if (axis == XAxis::step) return std::max<int64_t>(0, std::llround(std::floor(x)));
    const auto& xs = x_of(history, axis);
    const auto behind = std::upper_bound(xs.begin(), xs.end(), x);
    if (behind == xs.begin()) return 0;
    return std::llround(history.step[static_cast<size_t>(behind - xs.begin()) - 1]);
}

std::vector<Mark> marks_of(const std::vector<core::Answer>& answers, const History& history,
                           XAxis axis) {
    std::vector<Mark> marks;
    for (const auto& answer : answers) {
        if (answer.state != core::AnswerState::applied || !is_intervention(answer.command) ||
            answer.step < 0)
            continue;
        const auto x = x_at(history, axis, static_cast<double>(answer.step));
        if (!x) continue;
        const std::string words = in_words(answer.command);
        const bool fork =
            answer.command.kind == core::CommandKind::fork && !answer.command.has("end");
        if (!marks.empty() && marks.back().x == *x) {
            marks.back().text += ", " + words;
            marks.back().fork |= fork;
        } else {
            marks.push_back({*x, words, fork});
        }
    }
    return marks;
}

std::vector<Mark> crossings_of(std::span<const Lane> lanes, XAxis axis) {
    std::vector<core::RaceCurve> curves;
    // On the axis of elapsed time each lane begins at 0, as its curve is drawn.
    for (const Lane& lane : lanes) {
        const History& h = *lane.history;
        curves.push_back({{h.valid_step.begin(), h.valid_step.end()},
                          {h.valid_tokens.begin(), h.valid_tokens.end()},
                          axis == XAxis::elapsed ? h.valid_elapsed : h.valid_seconds,
                          h.valid_loss});
    }
    std::vector<Mark> marks;
    for (size_t a = 0; a < lanes.size(); ++a)
        for (size_t b = a + 1; b < lanes.size(); ++b) {
            const auto found = is_time(axis) ? core::crossings_by_seconds(curves[a], curves[b])
                                             : core::crossings_by_step(curves[a], curves[b]);
            for (const core::Crossing& c : found) {
                const double x = is_time(axis)           ? c.seconds
                                 : axis == XAxis::tokens ? static_cast<double>(c.tokens)
                                                         : static_cast<double>(c.a_step);
                const size_t ahead = c.a_ahead ? a : b, behind = c.a_ahead ? b : a;
                Series valid;
                valid.xs = valid_x_of(*lanes[a].history, axis);
                valid.ys = lanes[a].history->valid_loss;
                Mark mark = {x, lanes[ahead].name + " overtakes " + lanes[behind].name};
                double at = 0;
                value_at(valid, x, at, mark.loss);
                marks.push_back(std::move(mark));
            }
        }
    std::sort(marks.begin(), marks.end(), [](const Mark& m, const Mark& n) { return m.x < n.x; });
    return marks;
}

bool value_at(const Series& series, double x, double& at, double& value) {
    const size_t n = std::min(series.xs.size(), series.ys.size());
    if (n == 0) return false;
    const auto xs = series.xs.first(n);
    const auto found = std::lower_bound(xs.begin(), xs.end(), x) - xs.begin();
    // Outwards from the place of x to the nearest value that is there.
    int64_t left = found - 1, right = found;
    const auto size = static_cast<int64_t>(n);
    while (left >= 0 || right < size) {
        const bool take_left =
            right >= size ||
            (left >= 0 && x - xs[static_cast<size_t>(left)] <= xs[static_cast<size_t>(right)] - x);
        const auto i = static_cast<size_t>(take_left ? left-- : right++);
        if (!std::isfinite(series.ys[i])) continue;
        at = xs[i];
        value = series.ys[i];
        return true;
    }
    return false;
}

bool last_value(const Series& series, double& x, double& y) {
    for (size_t i = std::min(series.xs.size(), series.ys.size()); i > 0; --i)
        if (std::isfinite(series.ys[i - 1])) {
            x = series.xs[i - 1];
            y = series.ys[i - 1];
            return true;
        }
    return false;
}

}  // namespace hopscope::app
