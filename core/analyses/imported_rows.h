// The rows of an imported model's routers as analyses look at them [def:folded_rows]. Calling
// thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/analyses/document.h"
#include "core/analyses/imported_analyses.h"
#include "core/base/result.h"
#include "core/imported/imported_run.h"
#include "core/measure/router_geometry.h"

namespace hopscope::core::analysis {

struct ImportedRows {
    int64_t experts = 0;
    std::vector<float> stored;  ///< [experts, width] as the model has them
    /// The same as softmax sees what enters the norm: the norm's gain folded in, their mean, which
    /// moves all logits alike, taken away.
    std::vector<float> folded;
    bool gain_found = false;
    bool finite = false;  ///< otherwise there is nothing to measure, and `folded` is empty
};
/// Errors (usage): a damaged file of the run.
Result<ImportedRows> imported_rows(const ImportedRun& run, int64_t layer,
                                   const ModelRouter& router);

/// Goes through the routers of a run: of each an entry of the result "layers", which `measure`
/// fills in where its rows can be measured, and which says why where not. Errors: those of
/// imported_rows() and of `measure`; interrupted.
using MeasureRows = std::function<Status(const ModelLayer& layer, const ModelRouter& router,
                                         const ImportedRows& rows, Fields& entry)>;
Status each_router(const ImportedContext& context, AnalysisOutput& out, const MeasureRows& measure);

/// Mean cos² of pairs of as many random directions of R^width whose mean is taken away: their
/// correlation is −1 / (experts − 1).
double centred_squared_cosine(int64_t experts, int64_t width);
/// [experts, width] rows against each other.
Collinearity collinearity_of_rows(const std::vector<float>& rows, int64_t experts);

}  // namespace hopscope::core::analysis
