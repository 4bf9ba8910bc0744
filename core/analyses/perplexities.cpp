#include "core/analyses/perplexities.h"

#include <cmath>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/model/sound.h"

namespace hopscope::core::analysis {

Fields perplexities(const Evaluation& base, const Evaluation& changed, const std::string& name,
                    uint64_t seed) {
    Estimate difference = difference_over_batches(changed.batches, base.batches, seed);
    difference.value = changed.loss - base.loss;
    Fields out;
    out.number("perplexity_base", std::exp(base.loss))
        .number("perplexity_" + name, std::exp(changed.loss))
        .number("ratio", std::exp(changed.loss - base.loss))
        .estimate("loss_difference", difference);
    return out;
}

Result<BeforeAfter> before_after(const AnalysisContext& context, const PassChanges& changes,
                                 const std::string& name) {
    auto base = context.measured->base(context.progress);
    if (!base) return base.error();
    auto source = context.measured->source(context.progress, kAnalysisBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    auto changed = evaluate(run.model, **source, kAnalysisBatches, changes, context.progress);
    if (!changed) return changed.error();
    if (!std::isfinite(std::exp(changed->loss))) return diverged("the perplexity of " + name);
    BeforeAfter out{*base, std::move(*changed), {}, {}, {}};
    out.result = perplexities(*out.base, out.changed, name, context.seed);
    const auto fill = [&](Fields& row, const std::string& model, const Evaluation& e) {
        row.cell("model", model)
            .columns_of(out.result, "perplexity_" + model, "perplexity")
            .cell("loss", e.loss);
    };
    fill(out.base_row, "base", *out.base);
    fill(out.changed_row, name, out.changed);
    out.changed_row.columns_of(out.result, "loss_difference", "loss_difference");
    return out;
}

}  // namespace hopscope::core::analysis
