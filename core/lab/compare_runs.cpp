// Runs beside each other, for the window.
#include "core/api/lab.h"
#include "core/compare/run_numbers.h"
#include "core/compare/variants.h"
#include "core/stats/line_fit.h"

namespace hopscope::core::lab {

Result<Comparison> compare_runs(const std::vector<std::string>& runs, const Progress& progress) {
    return compare_variants(runs, {}, progress);
}

Result<std::vector<RunNumbers>> run_numbers(const std::vector<std::string>& runs,
                                            const Progress& progress) {
    return read_run_numbers(runs, progress);
}

Trend line_through(const std::vector<double>& x, const std::vector<double>& y) {
    const stats::LineFit fit = stats::fit_line(x, y);
    return {fit.slope, fit.slope95.low, fit.slope95.high, fit.intercept, fit.r2, fit.n};
}

}  // namespace hopscope::core::lab
