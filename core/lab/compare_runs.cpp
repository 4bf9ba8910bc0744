// Runs beside each other, for the window.
#include "core/api/lab.h"
#include "core/compare/variants.h"

namespace hopscope::core::lab {

Result<Comparison> compare_runs(const std::vector<std::string>& runs, const Progress& progress) {
    return compare_variants(runs, {}, progress);
}

}  // namespace hopscope::core::lab
