// Analysis `phases`: where the loss and the routing statistics of a run change their course.
#include <algorithm>
#include <cmath>

#include "core/analyses/analysis.h"
#include "core/analyses/curve.h"

namespace hopscope::core::analysis {
namespace {

/// What is looked at, that of a layer once for each.
constexpr Column::Field kCurves[] = {
    &ScalarRecord::loss,    &ScalarRecord::valid_loss,         &LayerScalars::entropy,
    &LayerScalars::jaccard, &LayerScalars::load_max_over_mean, &LayerScalars::load_cv};

bool is_looked_at(const Column& column) {
    return std::find(std::begin(kCurves), std::end(kCurves), column.field) != std::end(kCurves);
}

void add_pieces(Fields& curve, const stats::Segmentation& found) {
    curve.list("pieces");
    const std::vector<Phase> phases = phases_of(found);
    for (size_t i = 0; i < phases.size(); ++i) {
        Fields one;
        one.number("from", phases[i].from)
            .number("to", phases[i].to)
            .text("course", word(phases[i].course))
            .number("at_from", phases[i].at_from)
            .number("at_to", phases[i].at_to)
            .number("slope", found.pieces[i].slope)
            .number("slope_error", found.pieces[i].slope_error);
        curve.add("pieces", one);
    }
}

Fields change_fields(const std::string& curve, const stats::ChangePoint& change, int64_t n,
                     double slope_before, double slope_after) {
    const stats::Interval steps{std::exp(change.ci95.low), std::exp(change.ci95.high)};
    Fields out;
    out.cell("curve", curve)
        .estimate("step", {std::exp(change.x), steps, n, "updates"})
        .text("kind", change.jump ? "jump" : "kink")
        .number("gain", change.gain)
        .number("slope_before", slope_before)
        .number("slope_after", slope_after);
    return out;
}

void add_changes(Fields& curve, Table& table, const std::string& name,
                 const stats::Segmentation& found) {
    curve.list("changes");
    for (size_t i = 0; i < found.changes.size(); ++i) {
        const Fields one = change_fields(name, found.changes[i], found.n, found.pieces[i].slope,
                                         found.pieces[i + 1].slope);
        curve.add("changes", one);
        table.add(one);
    }
}

Result<AnalysisOutput> phases(const AnalysisContext& context) {
    AnalysisOutput out;
    out.n = static_cast<int64_t>(context.metrics.size());
    out.result.list("curves");
    out.table().declare(change_fields("", {}, 0, 0, 0));
    const auto columns = metric_columns(static_cast<int64_t>(context.metrics.back().layers.size()));
    for (size_t c = 0; c < columns.size(); ++c) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped while looking for phases"};
        if (!is_looked_at(columns[c])) continue;
        context.progress.report("phases: " + columns[c].name,
                                static_cast<double>(c) / static_cast<double>(columns.size()));
        const auto found = segments_of(context.metrics, columns[c]);
        if (found.pieces.empty()) continue;  // not recorded in this run, or too few points
        Fields curve;
        curve.text("name", columns[c].name)
            .text("unit", columns[c].unit)
            .count("n", found.n)
            .count("bins", found.bins)
            .number("sigma", found.sigma)
            .number("criterion", found.criterion);
        add_changes(curve, out.table(), columns[c].name, found);
        add_pieces(curve, found);
        out.result.add("curves", curve);
    }
    return out;
}

}  // namespace

extern const Analysis kPhases{
    "phases",
    {Need::curve},
    "Change points of training curves over ln(step): points averaged in 200 equal bins, straight "
    "pieces joined (kink) or not (jump), minimising sum count (mean - fit)^2 / sigma^2 + ln(bins) "
    "(3 a kink, 4 a jump); sigma from how far bins lie off the line through their neighbours, "
    "noise taken as independent. ci95: profile of that criterion, within 3.84 (kink) or 7.35 "
    "(jump) of the best. gain: rise of the criterion without the change. slope: per unit of "
    "ln(step). course: level where the slope is under 2 standard errors or moves the curve by "
    "under 2 % of its range. n: updates recorded.",
    phases};

}  // namespace hopscope::core::analysis
