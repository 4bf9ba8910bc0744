#include "core/analyses/imported_rows.h"

#include <ATen/ops/from_blob.h>

#include "core/imported/routing_rule.h"

namespace hopscope::core::analysis {
namespace {

std::vector<float> folded(std::vector<float> rows, const std::vector<float>& gain, size_t experts) {
    const size_t d = rows.size() / experts;
    for (size_t i = 0; i < d; ++i) {
        double mean = 0;
        for (size_t e = 0; e < experts; ++e) {
            if (!gain.empty()) rows[e * d + i] *= gain[i];
            mean += static_cast<double>(rows[e * d + i]) / static_cast<double>(experts);
        }
        for (size_t e = 0; e < experts; ++e) rows[e * d + i] -= static_cast<float>(mean);
    }
    return rows;
}

}  // namespace

Result<ImportedRows> imported_rows(const ImportedRun& run, int64_t layer,
                                   const ModelRouter& router) {
    auto rows = run.rows(layer, router.pool);
    if (!rows) return rows.error();
    const auto gain = run.gain(layer, router.pool);
    if (!gain) return gain.error();
    ImportedRows out{router.experts, *std::move(rows), {}, !gain->empty(), false};
    out.finite = !first_not_finite(out.stored) && !first_not_finite(*gain);
    if (out.finite) out.folded = folded(out.stored, *gain, static_cast<size_t>(out.experts));
    return out;
}

Collinearity collinearity_of_rows(const std::vector<float>& rows, int64_t experts) {
    // Read only; from_blob takes no pointer to const.
    return collinearity_of(at::from_blob(const_cast<float*>(rows.data()),
                                         {experts, static_cast<int64_t>(rows.size()) / experts},
                                         at::kFloat));
}

}  // namespace hopscope::core::analysis
