// Analysis `phases`: where the loss and the routing statistics of a run change their course.
#include <algorithm>
#include <cmath>

#include "core/analysis/analysis.h"
#include "core/analysis/curve.h"

namespace hopscope::core::analysis {
namespace {

/// What is looked at, by the names of metrics.csv; those of a layer once for each.
constexpr const char* kCurves[] = {"loss",    "valid_loss",         "entropy",
                                   "jaccard", "load/max_over_mean", "load/cv"};

bool is_looked_at(const Column& column) {
    for (const std::string name : kCurves)
        if (column.name == name || column.name.starts_with(name + "/layer")) return true;
    return false;
}

/// Words for the slope of a piece: level where it is not told from 0 or moves the curve by less
/// than a fiftieth of its range.
const char* course(const stats::Piece& piece, double range) {
    const double moved = std::fabs(piece.at_end - piece.at_begin);
    if (std::fabs(piece.slope) < 2 * piece.slope_error || moved < 0.02 * range) return "level";
    return piece.slope < 0 ? "falling" : "rising";
}

OrderedJson pieces_json(const stats::Segmentation& found) {
    double low = INFINITY, high = -INFINITY;
    for (const stats::Piece& piece : found.pieces) {
        low = std::min({low, piece.at_begin, piece.at_end});
        high = std::max({high, piece.at_begin, piece.at_end});
    }
    OrderedJson out = OrderedJson::array();
    for (const stats::Piece& piece : found.pieces)
        out.push_back({{"from", std::exp(piece.begin)},
                       {"to", std::exp(piece.end)},
                       {"course", course(piece, high - low)},
                       {"at_from", json_number(piece.at_begin)},
                       {"at_to", json_number(piece.at_end)},
                       {"slope", json_number(piece.slope)},
                       {"slope_error", json_number(piece.slope_error)}});
    return out;
}

void add_changes(OrderedJson& curve, AnalysisTable& table, const std::string& name,
                 const stats::Segmentation& found) {
    curve["changes"] = OrderedJson::array();
    for (size_t i = 0; i < found.changes.size(); ++i) {
        const stats::ChangePoint& change = found.changes[i];
        const double step = std::exp(change.x), low = std::exp(change.ci95.low),
                     high = std::exp(change.ci95.high);
        const double before = found.pieces[i].slope, after = found.pieces[i + 1].slope;
        const char* kind = change.jump ? "jump" : "kink";
        curve["changes"].push_back({{"step", json_number(step)},
                                    {"ci95", json_interval(low, high)},
                                    {"kind", kind},
                                    {"gain", json_number(change.gain)},
                                    {"slope_before", json_number(before)},
                                    {"slope_after", json_number(after)}});
        table.rows.push_back({name, csv_number(step), csv_number(low), csv_number(high), kind,
                              csv_number(change.gain), csv_number(before), csv_number(after)});
    }
}

}  // namespace

const char* const kPhasesDefinition =
    "Change points of training curves over ln(step): points averaged in 200 equal bins, straight "
    "pieces joined (kink) or not (jump), minimising sum count (mean - fit)^2 / sigma^2 + ln(bins) "
    "(3 a kink, 4 a jump); sigma from how far bins lie off the line through their neighbours, "
    "noise "
    "taken as independent. ci95: profile of that criterion, within 3.84 (kink) or 7.35 (jump) of "
    "the "
    "best. gain: rise of the criterion without the change. slope: per unit of ln(step). course: "
    "level where the slope is under 2 standard errors or moves the curve by under 2 % of its "
    "range. "
    "n: updates recorded.";

Result<AnalysisOutput> phases(const AnalysisContext& context) {
    if (context.metrics.empty())
        return usage_error(context.folder.metrics_path() +
                           ": no update recorded yet; phases need a training curve");
    AnalysisOutput out;
    out.n = static_cast<int64_t>(context.metrics.size());
    out.result["curves"] = OrderedJson::array();
    AnalysisTable table{
        "",
        {"curve", "step", "step_low", "step_high", "kind", "gain", "slope_before", "slope_after"},
        {}};
    const auto columns = metric_columns(static_cast<int64_t>(context.metrics.back().layers.size()));
    for (size_t c = 0; c < columns.size(); ++c) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped while looking for phases"};
        if (!is_looked_at(columns[c])) continue;
        context.progress.report("phases: " + columns[c].name,
                                static_cast<double>(c) / static_cast<double>(columns.size()));
        const auto found = segments_of(context.metrics, columns[c]);
        if (found.pieces.empty()) continue;  // not recorded in this run, or too few points
        OrderedJson curve{{"name", columns[c].name},
                          {"unit", columns[c].unit},
                          {"n", found.n},
                          {"bins", found.bins},
                          {"sigma", json_number(found.sigma)},
                          {"criterion", json_number(found.criterion)}};
        add_changes(curve, table, columns[c].name, found);
        curve["pieces"] = pieces_json(found);
        out.result["curves"].push_back(std::move(curve));
    }
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
