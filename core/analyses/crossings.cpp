// Analysis `crossings`: where the validation or training loss of this run and that of another
// change places.
#include "core/stats/crossings.h"

#include <cmath>

#include "core/analyses/analysis.h"

namespace hopscope::core::analysis {
namespace {

struct Curve {
    std::vector<double> log_steps, values;
};

Curve training(const AnalysisContext& context) {
    Curve out;
    for (const ScalarRecord& r : context.metrics) {
        out.log_steps.push_back(std::log(static_cast<double>(r.step)));
        out.values.push_back(static_cast<double>(r.loss));
    }
    return out;
}

Curve validation(const AnalysisContext& context) {
    Curve out;
    for (const EvalRecord& r : context.evals) {
        out.log_steps.push_back(std::log(static_cast<double>(r.step)));
        out.values.push_back(r.loss);
    }
    return out;
}

/// @param n points of this run's curve, `points` what they are
Fields crossing_fields(const std::string& quantity, const stats::Crossing& c, int64_t n,
                       const char* points) {
    const stats::Interval steps{std::exp(c.ci95.low), std::exp(c.ci95.high)};
    Fields out;
    out.cell("quantity", quantity)
        .estimate("step", {std::exp(c.x), steps, n, points})
        .text("ahead_after", c.a_below_after ? "this" : "against")
        .flag("clear", c.clear);
    return out;
}

void add(const char* quantity, const char* points, const Curve& a, const Curve& b, double bandwidth,
         AnalysisOutput& out) {
    const auto found = stats::find_crossings(a.log_steps, a.values, b.log_steps, b.values,
                                             {.bandwidth = bandwidth});
    out.result.list(quantity);
    for (const stats::Crossing& c : found.crossings) {
        const Fields row =
            crossing_fields(quantity, c, static_cast<int64_t>(a.values.size()), points);
        out.result.add(quantity, row);
        out.table().add(row);
    }
}

Result<AnalysisOutput> crossings(const AnalysisContext& context) {
    constexpr double kBandwidth = 0.1;
    AnalysisOutput out;
    out.n = static_cast<int64_t>(context.metrics.size());
    out.used_against = true;
    out.table().declare(crossing_fields("", {}, 0, ""));
    add("valid_loss", "evaluations", validation(context), validation(*context.against), 0, out);
    add("loss", "updates", training(context), training(*context.against), kBandwidth, out);
    return out;
}

}  // namespace

extern const Analysis kCrossings{
    "crossings",
    {Need::second_run},
    "steps at which the loss of this run and that of a second change places: valid_loss on the "
    "evaluations as they are, loss smoothed by local lines over ln(step) (0.1 to each side), 95 % "
    "interval from the noise around the smoothed difference; clear: the difference leaves its "
    "error band on both sides. All crossings, not the first alone. n: updates of this run.",
    crossings};

}  // namespace hopscope::core::analysis
