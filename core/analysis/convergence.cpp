// Analysis `convergence`: does the validation loss still fall, and how far is it from the training
// loss?
#include <algorithm>
#include <cmath>

#include "core/analysis/analysis.h"
#include "core/stats/descriptive.h"
#include "core/stats/distributions.h"
#include "core/stats/mean_tests.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kEvaluations = 5;

struct Slope {
    double value = stats::kNaN, error = stats::kNaN, df = stats::kNaN;
    stats::Interval ci95;
};

/// Least squares of y over x; interval by t with n − 2 degrees of freedom.
Slope slope_of(const std::vector<double>& x, const std::vector<double>& y) {
    Slope out;
    const double mx = stats::mean(x), my = stats::mean(y);
    double xx = 0, xy = 0, squares = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    out.value = xy / xx;
    for (size_t i = 0; i < x.size(); ++i) {
        const double off = y[i] - my - out.value * (x[i] - mx);
        squares += off * off;
    }
    out.df = static_cast<double>(x.size()) - 2;
    if (out.df < 1) return out;
    out.error = std::sqrt(squares / out.df / xx);
    const double half = stats::t_quantile(0.975, out.df) * out.error;
    out.ci95 = {out.value - half, out.value + half};
    return out;
}

/// The slope of each batch over the same evaluations: its mean, free of what makes batches differ.
stats::MeanDifference slope_of_batches(std::span<const EvalRecord> last,
                                       const std::vector<double>& x) {
    const size_t batches = last.front().batches.size();
    for (const EvalRecord& record : last)
        if (record.batches.size() != batches) return {};
    std::vector<double> slopes, y(last.size());
    for (size_t b = 0; b < batches; ++b) {
        for (size_t i = 0; i < last.size(); ++i) y[i] = last[i].batches[b];
        slopes.push_back(slope_of(x, y).value);
    }
    return stats::one_sample(stats::summarise(slopes));
}

const char* verdict_of(const stats::Interval& interval) {
    if (std::isnan(interval.low)) return "undecided";
    if (interval.high < 0) return "falling";
    return interval.low > 0 ? "rising" : "not shown to change";
}

OrderedJson gap_json(const AnalysisContext& context, const EvalRecord& newest, int64_t since) {
    std::vector<double> training;
    for (const ScalarRecord& record : context.metrics)
        if (record.step > since && record.step <= newest.step)
            training.push_back(static_cast<double>(record.loss));
    const auto gap = stats::welch(stats::summarise(newest.batches), stats::summarise(training));
    const auto ci95 = gap.interval(0.95);
    return {{"from", since + 1},
            {"to", newest.step},
            {"updates", training.size()},
            {"train_loss", json_number(stats::mean(training))},
            {"valid_loss", json_number(newest.loss)},
            {"gap", json_number(newest.loss - stats::mean(training))},
            {"ci95", json_interval(ci95.low, ci95.high)}};
}

}  // namespace

const char* const kConvergenceDefinition =
    "slope: least squares of the validation loss (nats) over the steps of the last five "
    "evaluations, "
    "per 1,000 updates, 95 % interval by t with n - 2 degrees of freedom; by_batch: mean of the "
    "slopes of the single batches, 95 % interval by t over batches (noise of the text alone). "
    "verdict: falling or rising where the interval of the slope excludes 0. train_valid: "
    "validation "
    "loss of the newest evaluation - mean training loss (dropout on) of the updates since the one "
    "before, 95 % interval by Welch's t over batches and updates. n: evaluations used.";

Result<AnalysisOutput> convergence(const AnalysisContext& context) {
    const auto& evals = context.evals;
    if (evals.size() < 2)
        return usage_error(context.folder.dir() + "/eval: found " + std::to_string(evals.size()) +
                           " evaluations, convergence needs two or more (train.eval_every)");
    const auto last = std::span(evals).last(std::min(kEvaluations, evals.size()));
    std::vector<double> x, y;
    AnalysisTable table{"", {"step", "valid_loss"}, {}};
    for (const EvalRecord& record : last) {
        x.push_back(static_cast<double>(record.step) / 1000);
        y.push_back(record.loss);
        table.rows.push_back({std::to_string(record.step), csv_number(record.loss)});
    }
    const auto slope = slope_of(x, y);
    const auto by_batch = slope_of_batches(last, x);
    const auto batch_ci = by_batch.interval(0.95);
    AnalysisOutput out;
    out.n = static_cast<int64_t>(last.size());
    out.result = {{"slope", json_number(slope.value)},
                  {"ci95", json_interval(slope.ci95.low, slope.ci95.high)},
                  {"verdict", verdict_of(slope.ci95)},
                  {"by_batch",
                   {{"slope", json_number(by_batch.difference)},
                    {"ci95", json_interval(batch_ci.low, batch_ci.high)},
                    {"n", last.front().batches.size()},
                    {"verdict", verdict_of(batch_ci)}}},
                  {"first_step", last.front().step},
                  {"last_step", last.back().step},
                  {"best_step", 0},
                  {"best_loss", nullptr},
                  {"train_valid", gap_json(context, last.back(), last[last.size() - 2].step)}};
    const EvalRecord* best = &evals.front();
    for (const EvalRecord& record : evals)
        if (record.loss < best->loss) best = &record;
    out.result["best_step"] = best->step;
    out.result["best_loss"] = json_number(best->loss);
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
