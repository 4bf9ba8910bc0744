#include "core/analyses/imported_analyses.h"

#include <algorithm>

#include "core/analyses/table.h"

// As in table.cpp: an analysis is one row `const ImportedAnalysis kNAME{…}` at the end of a file,
// and one line here, in the order of `--what all`.
#define HOPSCOPE_IMPORTED(ROW)  \
    ROW(ImportedSaturation)     \
    ROW(ImportedJaccard)        \
    ROW(ImportedLoad)           \
    ROW(ImportedConfidence)     \
    ROW(ImportedCollinearity)   \
    ROW(ImportedDensity)        \
    ROW(ImportedCoupling)       \
    ROW(ImportedCrossSeed)      \
    ROW(ImportedContexts)       \
    ROW(ImportedCoactivation)   \
    ROW(ImportedSpecialisation) \
    ROW(StandingCommittee)      \
    ROW(ExpertSets)             \
    ROW(Domains)                \
    ROW(GateAgainstUse)         \
    ROW(Succession)

namespace hopscope::core::analysis {

#define HOPSCOPE_DECLARE(NAME) extern const ImportedAnalysis k##NAME;
HOPSCOPE_IMPORTED(HOPSCOPE_DECLARE)
#undef HOPSCOPE_DECLARE

std::span<const ImportedAnalysis> imported_analyses() {
#define HOPSCOPE_ENTRY(NAME) k##NAME,
    static const ImportedAnalysis kTable[] = {HOPSCOPE_IMPORTED(HOPSCOPE_ENTRY)};
#undef HOPSCOPE_ENTRY
    return kTable;
}

std::vector<const ImportedAnalysis*> only_imported() {
    std::vector<const ImportedAnalysis*> out;
    for (const ImportedAnalysis& one : imported_analyses()) {
        const auto of_any = analysis_table();
        if (std::none_of(of_any.begin(), of_any.end(), [&](const Analysis* any) {
                return std::string_view(any->name) == one.name;
            }))
            out.push_back(&one);
    }
    return out;
}

Result<AnalysisOutput> run_imported(const ImportedAnalysis& analysis,
                                    const ImportedContext& context) {
    if (analysis.asks == Asks::trace && context.traces.empty())
        return usage_error(
            "is of recorded choices, and this run has none; import it with --trace "
            "FILE");
    if (analysis.asks == Asks::experts && !context.run.has_experts())
        return usage_error(*missing(Need::reading_experts, {}, {.imported = ImportedHolds()}));
    if (analysis.asks == Asks::second_run && !context.against)
        return usage_error("needs a second imported model; name its run with --against");
    // Where config.json does not say how many experts a token has, each trace says it for itself.
    for (const RecordedRouting& trace : context.traces)
        if (trace.layers[0].top_k != context.traces[0].layers[0].top_k)
            return usage_error("the traces of this run differ in how many experts a token has: " +
                               std::to_string(context.traces[0].layers[0].top_k) + " and " +
                               std::to_string(trace.layers[0].top_k) +
                               "; import them into runs of their own");
    return analysis.run(context);
}

}  // namespace hopscope::core::analysis
