// Analysis `crossings`: where the validation or training loss of this run and that of another
// change places.
#include "core/stats/crossings.h"

#include <cmath>

#include "core/analysis/analysis.h"

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

void add(const char* quantity, const Curve& a, const Curve& b, double bandwidth,
         AnalysisOutput& out, AnalysisTable& table) {
    const auto found = stats::find_crossings(a.log_steps, a.values, b.log_steps, b.values,
                                             {.bandwidth = bandwidth});
    OrderedJson list = OrderedJson::array();
    for (const stats::Crossing& c : found.crossings) {
        const char* ahead = c.a_below_after ? "this" : "against";
        const double step = std::exp(c.x);
        const double low = std::exp(c.ci95.low), high = std::exp(c.ci95.high);
        list.push_back({{"step", json_number(step)},
                        {"ci95", json_interval(low, high)},
                        {"ahead_after", ahead},
                        {"clear", c.clear}});
        table.rows.push_back({quantity, csv_number(step), csv_number(low), csv_number(high), ahead,
                              c.clear ? "1" : "0"});
    }
    out.result[quantity] = list;
}

}  // namespace

const char* const kCrossingsDefinition =
    "steps at which the loss of this run and that of --against change places: valid_loss on the "
    "evaluations as they are, loss smoothed by local lines over ln(step) (0.1 to each side), "
    "95 % interval from the noise around the smoothed difference; clear: the difference leaves its "
    "error band on both sides. All crossings, not the first alone. n: updates of this run.";

Result<AnalysisOutput> crossings(const AnalysisContext& context) {
    if (!context.against) return usage_error("needs a second run: --against RUN");
    constexpr double kBandwidth = 0.1;
    AnalysisOutput out;
    out.n = static_cast<int64_t>(context.metrics.size());
    out.used_against = true;
    AnalysisTable table{
        "", {"quantity", "step", "ci95_low", "ci95_high", "ahead_after", "clear"}, {}};
    add("valid_loss", validation(context), validation(*context.against), 0, out, table);
    add("loss", training(context), training(*context.against), kBandwidth, out, table);
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
