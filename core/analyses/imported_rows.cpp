#include "core/analyses/imported_rows.h"

#include <ATen/ops/from_blob.h>
#include <limits>

#include "core/analyses/recorded_choices.h"
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

Status each_router(const ImportedContext& context, AnalysisOutput& out,
                   const MeasureRows& measure) {
    for (const ModelLayer& layer : context.run.layout().layers)
        for (const ModelRouter& router : layer.routers) {
            if (context.progress.cancelled()) return stopped_on_request();
            const auto rows = imported_rows(context.run, layer.index, router);
            if (!rows) return rows.error();
            Fields entry = placed(layer.index, router.pool);
            if (rows->finite) {
                out.n += router.experts;
                if (auto s = measure(layer, router, *rows, entry); !s) return s;
            } else {
                entry.text("reason", kNotFinite);
            }
            out.result.add("layers", entry);
        }
    return {};
}

double centred_squared_cosine(int64_t experts, int64_t width) {
    if (experts < 2) return std::numeric_limits<double>::quiet_NaN();
    const double rho = 1 / static_cast<double>(experts - 1), x = rho * rho,
                 d = static_cast<double>(width);
    if (experts == 2) return 1;
    // 1 − (d − 1)/d (1 − ρ²) ₂F₁(1, 1; d/2 + 1; ρ²), of normal numbers without their mean removed.
    double term = 1, sum = 0;
    for (int n = 0; term > 1e-17 * sum && n < 10'000; ++n) {
        sum += term;
        term *= (n + 1) * x / (d / 2 + 1 + n);
    }
    return 1 - (d - 1) / d * (1 - x) * sum;
}

Collinearity collinearity_of_rows(const std::vector<float>& rows, int64_t experts) {
    // Read only; from_blob takes no pointer to const.
    return collinearity_of(at::from_blob(const_cast<float*>(rows.data()),
                                         {experts, static_cast<int64_t>(rows.size()) / experts},
                                         at::kFloat));
}

}  // namespace hopscope::core::analysis
