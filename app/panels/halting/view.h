// What the panel Halting shows, derived from the measured table without ImGui: the lines of its
// plots, the row that a threshold stands for, the classes in a chosen order, and the text of its
// export. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/halting_table.h"

namespace hopscope::app {

/// What the plots are drawn over.
enum class HaltingAxis : uint8_t { threshold, saving, time };
inline constexpr HaltingAxis kHaltingAxes[] = {HaltingAxis::threshold, HaltingAxis::saving,
                                               HaltingAxis::time};
struct HaltingAxisWords {
    const char *name, *label, *help;
};
const HaltingAxisWords& words_of(HaltingAxis axis);

/// A value for each row of the table, in its order.
struct HaltingLines {
    std::vector<double> x;
    std::vector<double> perplexity, low, high;               ///< halted; 95 % of the difference
    std::vector<double> control, control_low, control_high;  ///< mean, ± sd; NaN without
    std::vector<double> hops, moe_time, time;  ///< share of the base, 1 = nothing is saved
    double base = 0;                           ///< perplexity
};
HaltingLines halting_lines(const core::HaltingTable& table, HaltingAxis axis);

/// Row of the measured threshold that lies nearest on the log scale; −1 without rows or where
/// `epsilon` is not above 0.
int nearest_row(const core::HaltingTable& table, double epsilon);

enum class ClassOrder : uint8_t { name, tokens, hops };
/// Indices of row.classes, the tokens in no list last where sorted by name.
std::vector<size_t> class_order(const core::HaltingRow& row, ClassOrder by, bool falling);
/// Name as it is shown.
std::string class_name(const core::ClassDepth& one);

/// Every row of the table, then those of its classes, under headers.
std::string csv_of(const core::HaltingTable& table);

}  // namespace hopscope::app
