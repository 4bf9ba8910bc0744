// The settings of the compared variants as a table of words: a row a key, a column a variant, and
// what the runs' folders say beside the configuration. Pure functions, window thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/comparison.h"

namespace hopscope::app {

struct SettingsRow {
    std::string key, meaning;
    std::vector<std::string> values;  ///< one a variant
    bool differs = false;
    bool count = false;  ///< values are digits, or "" where it is not known
};

struct SettingsView {
    std::vector<size_t> variants;    ///< of the comparison, a column each
    std::vector<std::string> names;  ///< of the columns
    std::vector<SettingsRow> rows;
    size_t differing = 0;
};

/// Keys in the order of a configuration; the seed, which is no difference of variants, as the list
/// of each one's seeds, then parameters and evaluated step.
SettingsView settings_view(const core::Comparison& comparison);
/// As it stands in the table: a count with separators.
std::string shown_value(const SettingsRow& row, size_t variant);
/// Those that differ alone, or all.
std::string csv_of(const SettingsView& view, bool only_differing);

}  // namespace hopscope::app
