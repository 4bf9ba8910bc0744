// The compared runs as rows: variants, best first, with their seeds. Made from the runs that are
// watched and, where it is there, from what their folders say. Pure functions, window thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "app/state/compared_runs.h"
#include "core/api/comparison.h"

namespace hopscope::app {

struct RunRow {
    std::string dir, name;
    std::string label;  ///< "seed 42", or the name where the seed is not known
    size_t place = 0;   ///< of colour and glyph
    bool open = false, given = false;
    core::RunState state = core::RunState::idle;
    int64_t step = 0;
    double perplexity = std::numeric_limits<double>::quiet_NaN();  ///< newest evaluation
    std::string left_out;  ///< why it is not compared, or cannot be read; "": it is
};

struct VariantRow {
    std::string name;
    size_t place = 0;
    std::optional<size_t> variant;  ///< in the comparison; nothing: not known yet
    bool reference = false;
    size_t seeds = 0;  ///< compared
    double perplexity = std::numeric_limits<double>::quiet_NaN();
    double perplexity_std = std::numeric_limits<double>::quiet_NaN();
    int64_t evaluated_at = -1;
    std::vector<RunRow> runs;
};

/// `comparison` may be null. Variants by rising perplexity, then those without.
std::vector<VariantRow> variant_rows(const std::vector<ComparedEntry>& entries,
                                     const core::Comparison* comparison,
                                     std::optional<size_t> reference);
/// One line a run, with a header.
std::string csv_of(const std::vector<VariantRow>& rows);

}  // namespace hopscope::app
