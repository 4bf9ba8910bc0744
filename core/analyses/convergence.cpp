// Analysis `convergence`: does the validation loss still fall, and how far is it from the training
// loss?
#include <algorithm>
#include <cmath>

#include "core/analyses/analysis.h"
#include "core/stats/descriptive.h"
#include "core/stats/line_fit.h"
#include "core/stats/mean_tests.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kEvaluations = 5;

/// The slope of each batch over the same evaluations: its mean, free of what makes batches differ.
stats::MeanDifference slope_of_batches(std::span<const EvalRecord> last,
                                       const std::vector<double>& x) {
    const size_t batches = last.front().batches.size();
    for (const EvalRecord& record : last)
        if (record.batches.size() != batches) return {};
    std::vector<double> slopes, y(last.size());
    for (size_t b = 0; b < batches; ++b) {
        for (size_t i = 0; i < last.size(); ++i) y[i] = last[i].batches[b];
        slopes.push_back(stats::fit_line(x, y).slope);
    }
    return stats::one_sample(stats::summarise(slopes));
}

const char* verdict_of(const stats::Interval& interval) {
    if (std::isnan(interval.low)) return "undecided";
    if (interval.high < 0) return "falling";
    return interval.low > 0 ? "rising" : "not shown to change";
}

/// Validation against training, over the updates since the evaluation before.
Fields gap_fields(const AnalysisContext& context, const EvalRecord& newest, int64_t since) {
    std::vector<double> training;
    for (const ScalarRecord& record : context.metrics)
        if (record.step > since && record.step <= newest.step)
            training.push_back(static_cast<double>(record.loss));
    const auto gap = stats::welch(stats::summarise(newest.batches), stats::summarise(training));
    Fields out;
    out.count("from", since + 1)
        .count("to", newest.step)
        .count("updates", static_cast<int64_t>(training.size()))
        .number("train_loss", stats::mean(training))
        .number("valid_loss", newest.loss)
        .estimate("gap", {newest.loss - stats::mean(training), gap.interval(0.95),
                          static_cast<int64_t>(newest.batches.size() + training.size()),
                          "batches and updates"});
    return out;
}

Fields slope_fields(const Estimate& slope) {
    Fields out;
    out.estimate("slope", slope).text("verdict", verdict_of(slope.ci95));
    return out;
}

Result<AnalysisOutput> convergence(const AnalysisContext& context) {
    const auto& evals = context.evals;
    const auto last = std::span(evals).last(std::min(kEvaluations, evals.size()));
    AnalysisOutput out;
    out.n = static_cast<int64_t>(last.size());
    std::vector<double> x, y;
    for (const EvalRecord& record : last) {
        x.push_back(static_cast<double>(record.step) / 1000);
        y.push_back(record.loss);
        Fields row;
        row.place("step", record.step).cell("valid_loss", record.loss);
        out.table().add(row);
    }
    const auto slope = stats::fit_line(x, y);
    const auto by_batch = slope_of_batches(last, x);
    const EvalRecord* best = &evals.front();
    for (const EvalRecord& record : evals)
        if (record.loss < best->loss) best = &record;
    out.result = slope_fields({slope.slope, slope.slope95, out.n, "evaluations"});
    out.result
        .object("by_batch",
                slope_fields({by_batch.difference, by_batch.interval(0.95),
                              static_cast<int64_t>(last.front().batches.size()), "batches"}))
        .count("first_step", last.front().step)
        .count("last_step", last.back().step)
        .count("best_step", best->step)
        .number("best_loss", best->loss)
        .object("train_valid", gap_fields(context, last.back(), last[last.size() - 2].step));
    return out;
}

}  // namespace

extern const Analysis kConvergence{
    "convergence",
    {Need::two_evaluations},
    "slope: least squares of the validation loss (nats) over the steps of the last five "
    "evaluations, per 1,000 updates, 95 % interval by t with n - 2 degrees of freedom; by_batch: "
    "mean of the slopes of the single batches, 95 % interval by t over batches (noise of the text "
    "alone). verdict: falling or rising where the interval of the slope excludes 0. train_valid: "
    "validation loss of the newest evaluation - mean training loss (dropout on) of the updates "
    "since the one before, 95 % interval by Welch's t over batches and updates. n: evaluations "
    "used.",
    convergence};

}  // namespace hopscope::core::analysis
