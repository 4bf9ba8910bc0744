// Perplexity of a model as it is beside the same model changed, on the same batches. Calling
// thread.
#pragma once

#include <string>

#include "core/analyses/analysis.h"
#include "core/train/evaluate.h"

namespace hopscope::core::analysis {

/// perplexity_base, perplexity_CHANGED, their ratio, and the loss difference with its interval
/// over pairs of batches.
Fields perplexities(const Evaluation& base, const Evaluation& changed, const std::string& name,
                    uint64_t seed);

/// The run's model without and with a change, as numbers and as the two rows of a table.
struct BeforeAfter {
    const Evaluation* base = nullptr;  ///< kept by Measured
    Evaluation changed;
    Fields result, base_row, changed_row;
};
Result<BeforeAfter> before_after(const AnalysisContext& context, const PassChanges& changes,
                                 const std::string& name);

}  // namespace hopscope::core::analysis
