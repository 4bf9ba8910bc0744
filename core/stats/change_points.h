// Where a noisy curve changes its course: penalised segmentation into straight (or level) pieces.
// For the loss and routing statistics of a run, over ln(step). Pure functions, any thread.
//
// Model: the points are averaged in `bins` equal intervals of x; noise is independent with one
// variance σ² a point, estimated from how far each bin lies off the line through its neighbours (at
// distance 1 and 4, the larger, so that neither slow noise nor curvature within that reach passes
// for a change). Criterion to be minimised:
//     Σ count · (mean − fit)² / σ²  +  penalty,
//     penalty = ln(bins used) · (3 a level change, 3 a kink, 4 a kink with a jump).
// Search: optimal partitioning (exact dynamic programming) into separate pieces, then joining
// pieces without a jump, adding and removing changes and moving each, as long as the criterion
// falls.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

enum class PieceShape {
    level,  ///< constant pieces: routing statistics
    line,   ///< straight pieces, joined (kink) or not (jump): loss over ln(step)
};

struct ChangePointOptions {
    PieceShape shape = PieceShape::line;
    int64_t bins = 200;
    double min_length = 0.15;  ///< of a piece, in units of x
    int64_t min_bins = 4;      ///< of a piece
    int64_t most = 8;          ///< changes
};

struct ChangePoint {
    double x = kNaN;
    /// Profile interval: positions whose criterion, all else refitted, is within 7.35 (jumps and
    /// levels: Hansen 2000) or 3.84 (kinks: χ²) of the best.
    Interval ci95;
    bool jump = false;   ///< the value leaps; false: only the slope changes
    double gain = kNaN;  ///< by how much the criterion rises without it
};

struct Piece {
    double begin = kNaN, end = kNaN;          ///< x
    double at_begin = kNaN, at_end = kNaN;    ///< fitted values
    double slope = kNaN, slope_error = kNaN;  ///< per unit of x; 0 for levels
};

struct Segmentation {
    int64_t n = 0;        ///< points
    int64_t bins = 0;     ///< bins that hold any
    double sigma = kNaN;  ///< noise of one point
    double criterion = kNaN;
    std::vector<ChangePoint> changes;  ///< rising x
    std::vector<Piece> pieces;  ///< one more than changes; empty where there are too few points
};

/// x rising (equal values allowed), y finite; other points are left out.
Segmentation find_change_points(Numbers x, Numbers y, const ChangePointOptions& options);

}  // namespace hopscope::core::stats
