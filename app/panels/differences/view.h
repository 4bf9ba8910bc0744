// The differences of every two variants as rows of a forest plot: what each interval says at a
// margin, the axis that holds them all, and the same as text. Pure functions, window thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/state/number.h"
#include "core/api/comparison.h"

namespace hopscope::app {

/// Mean loss of variant a less that of b, nats a token.
struct DifferenceRow {
    size_t a = 0, b = 0;
    double mean = 0, low95 = 0, high95 = 0, low90 = 0, high90 = 0;
    int64_t seeds_a = 0, seeds_b = 0, batches = 0;
    bool over_seeds = false;
    double p_tost = 0, p_difference = 0;
    core::Verdict verdict = core::Verdict::undecided;
};

/// By rising mean. Against a reference: the others less it; else every pair, the better less the
/// worse.
std::vector<DifferenceRow> difference_rows(const core::Comparison& comparison, double margin,
                                           std::optional<size_t> reference);

struct ForestAxis {
    double low = -1, high = 1;
    std::vector<double> ticks;
};
/// Holds 0, the margin and all intervals.
ForestAxis forest_axis(const std::vector<DifferenceRow>& rows, double margin);

const char* sign_of(core::Verdict verdict);  ///< "=", "≈", "≠", "?"
const char* word_of(core::Verdict verdict);  ///< "equivalent", …
/// "−0.031 [−0.067, +0.004]"
std::string with_interval(const DifferenceRow& row);
/// "< 0.001", "0.042", "> 0.999"
std::string p_text(double p);
/// What was computed, of how many, and what follows; for a tooltip.
std::string explained(const DifferenceRow& row, const core::Comparison& comparison, double margin);

/// One of its numbers, as one that explains itself.
enum class DifferencePart : uint8_t { mean, p_tost };
Number number_of(const DifferenceRow& row, const core::Comparison& comparison, double margin,
                 DifferencePart part = DifferencePart::mean);

std::string csv_of(const std::vector<DifferenceRow>& rows, const core::Comparison& comparison,
                   double margin);

}  // namespace hopscope::app
