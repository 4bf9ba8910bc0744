#include "core/analyses/imported_rows.h"

#include <ATen/ops/from_blob.h>

#include "core/imported/routing_rule.h"
#include "core/imported/row_directions.h"

namespace hopscope::core::analysis {

Result<ImportedRows> imported_rows(const ImportedRun& run, int64_t layer,
                                   const ModelRouter& router) {
    auto rows = run.rows(layer, router.pool);
    if (!rows) return rows.error();
    const auto gain = run.gain(layer, router.pool);
    if (!gain) return gain.error();
    ImportedRows out{router.experts, *std::move(rows), {}, !gain->empty(), false};
    out.finite = !first_not_finite(out.stored) && !first_not_finite(*gain);
    if (!out.finite) return out;
    out.folded = out.stored;
    fold_gain(out.folded, *gain);
    centre_rows(out.folded, out.experts);
    return out;
}

Collinearity collinearity_of_rows(const std::vector<float>& rows, int64_t experts) {
    // Read only; from_blob takes no pointer to const.
    return collinearity_of(at::from_blob(const_cast<float*>(rows.data()),
                                         {experts, static_cast<int64_t>(rows.size()) / experts},
                                         at::kFloat));
}

}  // namespace hopscope::core::analysis
