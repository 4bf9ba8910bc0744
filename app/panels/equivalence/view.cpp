#include "app/panels/equivalence/view.h"

#include <algorithm>

#include "core/api/base.h"

namespace hopscope::app {

EquivalenceMatrix equivalence_matrix(const core::Comparison& comparison, double margin) {
    EquivalenceMatrix out;
    for (size_t i = 0; i < comparison.variants.size(); ++i)
        if (!comparison.variants[i].seeds.empty()) out.variants.push_back(i);
    std::stable_sort(out.variants.begin(), out.variants.end(), [&](size_t a, size_t b) {
        return comparison.variants[a].loss < comparison.variants[b].loss;
    });
    out.cells.resize(out.size() * out.size());
    for (size_t row = 0; row < out.size(); ++row)
        for (const DifferenceRow& known : difference_rows(comparison, margin, out.variants[row]))
            for (size_t column = 0; column < out.size(); ++column)
                // The rows are "other − reference".
                if (known.a == out.variants[column]) out.cells[column * out.size() + row] = known;
    return out;
}

std::string csv_of(const EquivalenceMatrix& matrix, const core::Comparison& comparison,
                   double margin) {
    std::string out;
    const auto square = [&](const std::string& title, double DifferenceRow::*number) {
        out += "# " + title + "\nvariant";
        for (const size_t column : matrix.variants)
            out += "," + core::csv_field(comparison.variants[column].name);
        out += "\n";
        for (size_t row = 0; row < matrix.size(); ++row) {
            out += core::csv_text(comparison.variants[matrix.variants[row]].name);
            for (size_t column = 0; column < matrix.size(); ++column) {
                const auto& cell = matrix.at(row, column);
                out += "," + (cell ? core::csv_number((*cell).*number) : std::string());
            }
            out += "\n";
        }
    };
    square("mean difference of the validation loss, row - column, nats a token",
           &DifferenceRow::mean);
    square("p of TOST, |difference| >= " + core::csv_number(margin), &DifferenceRow::p_tost);
    return out;
}

}  // namespace hopscope::app
