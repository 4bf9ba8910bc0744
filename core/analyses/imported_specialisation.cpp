// Analysis `specialisation` of an imported model: which tokens, places and texts does each expert
// get, by recorded choices [def:specialisation]?
#include <algorithm>

#include "core/analyses/recorded_text.h"
#include "core/analyses/specialisation.h"

namespace hopscope::core::analysis {
namespace {

/// The traces of a run as domains of their tokens.
Labelling traces_of(const ImportedContext& context, const Recorded& one) {
    Labelling out;
    for (size_t i = 0; i < one.tokens_of.size(); ++i) {
        if (one.tokens_of[i] == 0) continue;
        out.of.insert(out.of.end(), static_cast<size_t>(one.tokens_of[i]),
                      static_cast<int32_t>(out.names.size()));
        out.names.push_back(trace_name(context, i));
    }
    return out;
}

/// The tables of a pool that is not the layer's own have its name in front.
Table& table_of(AnalysisOutput& out, const Recorded& one, const std::string& name) {
    if (one.pool == kOwnPool) return out.table(name.c_str());
    return out.table((one.pool + (name.empty() ? "" : "_" + name)).c_str());
}

Result<AnalysisOutput> specialisation(const ImportedContext& context) {
    const auto routers = recorded(context);
    const RecordedText text(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    for (const Recorded& one : routers) {
        if (context.progress.cancelled()) return stopped_on_request();
        const LayerChoices choices{one.layer, one.sample, one.experts, one.top_k, one.tokens};
        const auto ids = ids_of(context, one);
        const auto places = one.positions();
        const auto domains = traces_of(context, one);
        Fields entry = placed(one.layer, one.pool);
        entry.count("tokens", one.tokens)
            .number("even_share",
                    static_cast<double>(one.top_k) / static_cast<double>(one.experts));
        if (ids.empty())
            entry.text("no_vocabulary", "ids of tokens: not in these traces");
        else
            entry.object(
                "vocabulary",
                strongest_ids(choices, frequent_ids(ids, [&](int32_t id) { return text.name(id); }),
                              context.seed, table_of(out, one, "")));
        // From the first place that any text has here: servers may leave out the beginning.
        const auto [lowest, highest] = std::minmax_element(places.begin(), places.end());
        entry.object("position",
                     strongest_labels(choices, eighths(places, *highest + 1, *lowest), context.seed,
                                      "positions", table_of(out, one, "position")));
        if (domains.names.size() > 1)
            entry.object("domain", strongest_labels(choices, domains, context.seed, "domain",
                                                    table_of(out, one, "domain")));
        out.result.add("layers", entry);
    }
    out.result.text(
        "domains", context.traces.size() > 1 ? "traces of the run" : "none: the run has one trace");
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedSpecialisation{
    "specialisation", Asks::trace,
    "share of the tokens with a label that choose an expert (OLMoE), in all traces of the run: "
    "labels are token ids seen 16 times or more (each expert's 10 strongest) where traces have "
    "ids, eighths of the recorded places, and traces as domains where there are several; "
    "even_share: k / experts. 95 % bootstrap interval over experts. n: tokens.",
    specialisation};

}  // namespace hopscope::core::analysis
