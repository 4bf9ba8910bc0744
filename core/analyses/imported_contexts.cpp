// Analysis `contexts` of an imported model: in which recorded text does each expert act
// [def:contexts]?
#include <algorithm>
#include <cmath>

#include "core/analyses/contexts.h"
#include "core/analyses/recorded_text.h"

namespace hopscope::core::analysis {
namespace {

/// [experts] Uses whose text is known; where traces have weights, those that have one.
std::vector<std::vector<ExpertUse>> uses_of(const Recorded& one, const std::vector<int32_t>& ids) {
    std::vector<std::vector<ExpertUse>> out(static_cast<size_t>(one.experts));
    const bool weighed = one.weighed();
    for (int64_t t = 0; t < one.tokens; ++t) {
        if (ids[static_cast<size_t>(t)] < 0) continue;
        const auto set = one.set(t);
        for (size_t i = 0; i < set.size(); ++i) {
            const float w = one.weights[static_cast<size_t>(t) * set.size() + i];
            if (weighed && !std::isfinite(w)) continue;
            out[static_cast<size_t>(set[i])].push_back({static_cast<int32_t>(t), 0, w, w});
        }
    }
    return out;
}

Result<AnalysisOutput> contexts(const ImportedContext& context) {
    const RecordedText text(context);
    if (!text.spelled())
        return usage_error(
            "the text of tokens: not in these traces; record them with hopscope_capture.py");
    AnalysisOutput out;
    for (const Recorded& one : recorded(context)) {
        if (context.progress.cancelled()) return stopped_on_request();
        const auto ids = ids_of(context, one);
        if (ids.empty()) continue;
        Random random(context.seed);
        std::vector<ExpertContexts> experts;
        // Without weights no use is stronger than another.
        for (auto& uses : uses_of(one, ids))
            experts.push_back(
                contexts_of(std::move(uses), one.weighed() ? kTopUses : 0, kRankParts, random));
        const ContextText where{
            [&](int64_t from, int64_t to) { return text.text(ids, from, to); },
            [&](int64_t token) {
                const auto end =
                    std::upper_bound(one.text_ends.begin(), one.text_ends.end(), token);
                return one.text(static_cast<size_t>(end - one.text_ends.begin()));
            }};
        Fields entry = placed(one.layer, one.pool);
        entry.flag("weights_found", one.weighed());
        Table& table = out.table(one.pool == kOwnPool ? "" : one.pool.c_str());
        out.result.add("layers",
                       add_object(entry, contexts_layer(one.layer, experts, where, table)));
        out.n = std::max(out.n, one.tokens);
    }
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedContexts{
    "contexts", Asks::trace,
    "for each expert the 5 uses of the largest weight, and one drawn from each fifth of all uses "
    "by weight, with the 10 tokens before and 4 after, in all traces that have ids and their text; "
    "strength is the weight. Where no trace has weights, one of each fifth of the text alone. Of "
    "the 256 most used experts of a layer, in the table of all that were used. n: tokens.",
    contexts};

}  // namespace hopscope::core::analysis
