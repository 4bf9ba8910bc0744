#include "core/analyses/curve.h"

#include <algorithm>
#include <cmath>

namespace hopscope::core::analysis {
namespace {

Course course_of(const stats::Piece& piece, double range) {
    const double moved = std::fabs(piece.at_end - piece.at_begin);
    if (std::fabs(piece.slope) < 2 * piece.slope_error || moved < 0.02 * range)
        return Course::level;
    return piece.slope < 0 ? Course::falling : Course::rising;
}

}  // namespace

stats::Segmentation segments_of(stats::Numbers steps, stats::Numbers values) {
    std::vector<double> x, y;
    for (size_t i = 0; i < steps.size(); ++i) {
        if (steps[i] < 1) continue;
        x.push_back(std::log(steps[i]));
        y.push_back(values[i]);
    }
    return stats::find_change_points(x, y, {});
}

stats::Segmentation segments_of(const std::vector<ScalarRecord>& records, const Column& column) {
    std::vector<double> steps, values;
    for (const ScalarRecord& record : records) {
        steps.push_back(static_cast<double>(record.step));
        values.push_back(column_value(column, record));
    }
    return segments_of(steps, values);
}

std::vector<Phase> phases_of(const stats::Segmentation& found) {
    double low = INFINITY, high = -INFINITY;
    for (const stats::Piece& piece : found.pieces) {
        low = std::min({low, piece.at_begin, piece.at_end});
        high = std::max({high, piece.at_begin, piece.at_end});
    }
    std::vector<Phase> out;
    for (const stats::Piece& piece : found.pieces) {
        Phase phase;
        phase.from = std::exp(piece.begin);
        phase.to = std::exp(piece.end);
        if (!out.empty()) {
            const stats::Interval& begin = found.changes[out.size() - 1].ci95;
            phase.from_low = std::exp(begin.low);
            phase.from_high = std::exp(begin.high);
        }
        phase.at_from = piece.at_begin;
        phase.at_to = piece.at_end;
        phase.course = course_of(piece, high - low);
        out.push_back(phase);
    }
    return out;
}

}  // namespace hopscope::core::analysis
