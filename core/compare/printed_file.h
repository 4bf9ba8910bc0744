// A table's claims as a file, each beside the printed numbers it should follow from, and what
// `compare` reports of them [def:printed_claims]. Pure functions of a file, any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/compare/compare.h"
#include "core/compare/printed.h"
#include "core/compare/warnings.h"

namespace hopscope::core {

/// What a claim says of its inputs.
enum class ClaimKind { percent, ratio, difference, saving, spread, interval };
constexpr auto words_of(ClaimKind) {
    return words("percent", "ratio", "difference", "saving", "std", "interval");
}

/// On which side of its margin a claim says that an interval lies.
enum class MarginSide { inside, outside };
constexpr auto words_of(MarginSide) {
    return words("inside", "outside");
}

/// One line: a claim, checked.
struct PrintedClaim {
    int64_t line = 0;
    ClaimKind kind = ClaimKind::percent;
    std::string label;  ///< where it is printed; may be empty
    /// Inputs in the order of the line, as printed ("34.49"), and the claimed value (of an
    /// interval the word of a MarginSide).
    std::vector<std::pair<std::string, std::string>> inputs;
    std::string printed;
    PrintedCheck check;  ///< of an interval: `possible` is the widest it may have been
};

/// A file of JSON lines, checked claim by claim; PrintedClaim's kinds with their fields:
///
///     percent     from, to           100 · (to / from − 1)
///     ratio       numerator, denominator
///     difference  a, b               a − b
///     saving      mean_hops, hops    100 · (1 − mean_hops / hops) percent; hops is an integer
///     std         values [2 or more] sample standard deviation (n − 1)
///     interval    low, high, margin? lies in the closed ± margin; printed: "inside" or "outside"
///
/// All have "check" (the kind), "printed" and, if wished, "label". Numbers are texts, so that
/// trailing zeros count as printed digits; "+" and the sign "−" may stand before them.
/// @param margin of intervals that name none
/// Errors (usage): FILE:LINE, the field, what was found and what is allowed; a file without claims.
Result<std::vector<PrintedClaim>> read_printed(const std::string& path, double margin);

/// The claims that do not follow, or that only unrounded values can decide (an interval that
/// touches its margin).
std::vector<Warning> warnings_of(const std::vector<PrintedClaim>& claims);
/// Adds "printed" to a document hopscope.compare/1, and the claims' warnings to its own.
void add_printed(OrderedJson& document, const std::vector<PrintedClaim>& claims);

}  // namespace hopscope::core
