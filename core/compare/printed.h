// Does a printed number follow from the printed numbers it was made of? A table rounds; a claim
// that cannot arise from any values that round to the printed ones is wrong, one that can is only
// undecided [def:printed_claims]. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/kinds.h"
#include "core/stats/interval.h"

namespace hopscope::core {

/// A number as it stands in a table: "34.49" is 34.49 with two decimals.
struct Printed {
    double value = stats::kNaN;
    int decimals = 0;

    Printed(const char* text);         // NOLINT: tables read better without a constructor's name
    Printed(const std::string& text);  // NOLINT
    /// All values that round to it, ends included.
    stats::Interval range() const;
};

struct PrintedCheck {
    Follows follows = Follows::no;
    double computed = stats::kNaN;  ///< from the inputs taken as exact
    stats::Interval possible;       ///< from all values that round to the inputs
    std::string text;               ///< "34.49 → 36.04 is +4.5 % (+4.46 … +4.52), printed 4.6"
};

/// 100 · (to / from − 1) in percent.
PrintedCheck check_percent(const Printed& from, const Printed& to, const Printed& percent);
/// numerator / denominator.
PrintedCheck check_ratio(const Printed& numerator, const Printed& denominator,
                         const Printed& ratio);
PrintedCheck check_difference(const Printed& a, const Printed& b, const Printed& difference);
/// Halting: 100 · (1 − mean executed hops / hops) in percent.
PrintedCheck check_saving(const Printed& mean_hops, int hops, const Printed& percent);
/// Standard deviation (n − 1) of printed values.
PrintedCheck check_std(const std::vector<Printed>& values, const Printed& std);

/// Whether an interval printed with rounded ends lies in the closed ± margin.
enum class PrintedWithin {
    inside,    ///< whatever was rounded away
    touching,  ///< an end prints as the margin: only unrounded values can tell
    outside,
};
PrintedWithin check_interval(const Printed& low, const Printed& high, double margin);

}  // namespace hopscope::core
