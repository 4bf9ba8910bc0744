// Analysis `zeroing`: what is the model without its experts [def:zeroing]?
#include "core/analyses/perplexities.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> zeroing(const AnalysisContext& context) {
    PassChanges changes;
    changes.zero_experts = true;
    auto found = before_after(context, changes, "zeroed");
    if (!found) return found.error();
    AnalysisOutput out;
    out.n = found->base->tokens;
    out.result = found->result;
    out.table().add(found->base_row);
    out.table().add(found->changed_row);
    return out;
}

}  // namespace

extern const Analysis kZeroing{
    "zeroing",
    {Need::model, Need::experts},
    "perplexity with h_accum = 0 in all layers against the model as it is, with the 95 % paired "
    "bootstrap interval of the loss difference over batches. n: tokens.",
    zeroing};

}  // namespace hopscope::core::analysis
