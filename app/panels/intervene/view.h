// What the intervene panel shows, as plain values: numbers beside chance, next-token rows, the dose
// curve, tables for export. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/session.h"

namespace hopscope::app {

/// One quantity under base, intervention and random control, as text; "" where it has none.
struct NumberRow {
    std::string label, before, after, change, control;
    std::string why;            ///< definition, n and seed, for the tooltip
    double value = core::kNaN;  ///< under the intervention, as stored; NaN: it is no number
};
std::vector<NumberRow> numbers_of(const core::InterventionEffect& effect);

/// How the effect stands to chance: "KL is above 20 of 20 random draws"; "" without control.
std::string beside_chance(const core::InterventionEffect& effect);

/// At most `count` next tokens by falling larger P of base and changed.
std::vector<core::OddsRow> next_rows(const core::InterventionEffect& effect, size_t count = 10);
/// The largest P among rows, for the length of the bars; above 0.
double largest(const std::vector<core::OddsRow>& rows);

/// One quantity over the factor, rising factors; points with an error are left out.
struct DoseCurve {
    std::vector<double> factor, value, control, control_low, control_high;  ///< mean, ± sd
    double base = 0;
};
enum class DoseValue : uint8_t { kl, p_target };
DoseCurve dose_curve(const core::InterventionEffect& effect, DoseValue what);

/// Factors of the dose curve.
std::vector<double> default_doses();

/// Long form: quantity, item, unit, base, changed, control_mean, control_std, draws, seed, step.
std::string effect_csv(const core::InterventionEffect& effect);

/// Words separated by commas or blanks.
std::vector<std::string> words_of(const std::string& typed);

}  // namespace hopscope::app
