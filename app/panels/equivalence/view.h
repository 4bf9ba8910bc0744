// The differences of all variants as a square: above the diagonal the difference, below it the p of
// equivalence. Pure functions, window thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/panels/differences/view.h"

namespace hopscope::app {

struct EquivalenceMatrix {
    std::vector<size_t> variants;  ///< in the order of rows and columns: best first
    /// [rows, columns], row − column; nothing on the diagonal and where a variant has no losses.
    std::vector<std::optional<DifferenceRow>> cells;

    size_t size() const { return variants.size(); }
    const std::optional<DifferenceRow>& at(size_t row, size_t column) const {
        return cells[row * size() + column];
    }
};

EquivalenceMatrix equivalence_matrix(const core::Comparison& comparison, double margin);
/// Differences and p, a square each.
std::string csv_of(const EquivalenceMatrix& matrix, const core::Comparison& comparison,
                   double margin);

}  // namespace hopscope::app
