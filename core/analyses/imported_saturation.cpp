// Analysis `saturation` of an imported model: do two recordings of the same tokens choose the same
// experts: two checkpoints, two precisions, two servers [def:saturation]?
#include <algorithm>
#include <cmath>

#include "core/analyses/recorded_choices.h"
#include "core/base/sets.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// A recording of one run.
struct RecordedSide {
    const ImportedContext* context = nullptr;
    size_t number = 0;
    const RecordedRouting& trace() const { return context->traces[number]; }
    std::vector<Recorded> routers() const { return recorded_in(*context, number); }
};

/// Two recordings of the same tokens.
struct RecordedPair {
    RecordedSide a, b;
};

bool same_tokens(const RecordedRouting& a, const RecordedRouting& b) {
    return !a.tokens.empty() && a.tokens == b.tokens && a.length == b.length;
}

/// Of the run's traces each two, or each with each of the second run.
std::vector<RecordedPair> recorded_pairs(const ImportedContext& context) {
    std::vector<RecordedPair> out;
    const ImportedContext& other = context.against ? *context.against : context;
    for (size_t i = 0; i < context.traces.size(); ++i)
        for (size_t j = context.against ? 0 : i + 1; j < other.traces.size(); ++j)
            if (same_tokens(context.traces[i], other.traces[j]))
                out.push_back({{&context, i}, {&other, j}});
    return out;
}

/// Of each token of a router.
struct RecordedOverlap {
    std::vector<double> sets;   ///< |A ∩ B| / k
    std::vector<double> first;  ///< whether the largest weight is of one expert; NaN without
};

int32_t first_of(const Recorded& one, int64_t token) {
    const auto set = one.set(token);
    const auto* w = one.weights.data() + static_cast<size_t>(token) * set.size();
    return set[static_cast<size_t>(std::max_element(w, w + set.size()) - w)];
}

RecordedOverlap recorded_overlap(const Recorded& a, const Recorded& b) {
    RecordedOverlap out;
    const bool weighed = a.weighed() && b.weighed();
    for (int64_t t = 0; t < a.tokens; ++t) {
        out.sets.push_back(static_cast<double>(common_items(a.set(t), b.set(t))) /
                           static_cast<double>(a.top_k));
        out.first.push_back(!weighed ? NAN : first_of(a, t) == first_of(b, t) ? 1 : 0);
    }
    return out;
}

Fields recorded_pair_fields(const ImportedContext& context, const RecordedPair& pair,
                            AnalysisOutput& out) {
    Fields entry;
    entry.text("a", trace_name(*pair.a.context, pair.a.number))
        .text("b", trace_name(*pair.b.context, pair.b.number))
        .list("layers");
    const auto routers = pair.a.routers(), others = pair.b.routers();
    std::vector<double> all, chances;
    TokenParts parts;
    for (const Recorded& one : routers) {
        const auto other = std::find_if(others.begin(), others.end(), [&](const Recorded& b) {
            return b.layer == one.layer && b.pool == one.pool && b.experts == one.experts &&
                   b.top_k == one.top_k && b.tokens == one.tokens;
        });
        if (other == others.end()) continue;
        const RecordedOverlap overlap = recorded_overlap(one, *other);
        parts = parts_of(one);
        all.resize(overlap.sets.size(), 0);
        for (size_t t = 0; t < all.size(); ++t) all[t] += overlap.sets[t];
        chances.push_back(static_cast<double>(one.top_k) / static_cast<double>(one.experts));
        Fields row = placed(one.layer, one.pool);
        row.cell("a", trace_name(*pair.a.context, pair.a.number))
            .cell("b", trace_name(*pair.b.context, pair.b.number))
            .estimate("saturation", mean_over_tokens(overlap.sets, parts, context.seed));
        if (std::isfinite(overlap.first[0]))
            row.estimate("first", mean_over_tokens(overlap.first, parts, context.seed));
        row.number("chance", chances.back());
        entry.add("layers", row);
        out.table().add(row);
    }
    if (chances.empty()) return entry;
    for (double& sum : all) sum /= static_cast<double>(chances.size());
    out.n = std::max(out.n, static_cast<int64_t>(all.size()));
    entry.estimate("mean", mean_over_tokens(all, parts, context.seed))
        .number("chance", stats::mean(chances));
    return entry;
}

Result<AnalysisOutput> saturation(const ImportedContext& context) {
    if (context.against && context.against->traces.empty())
        return usage_error(
            "is of recorded choices, and the run to compare with has none; import it with "
            "--trace FILE");
    const auto pairs = recorded_pairs(context);
    if (pairs.empty())
        return usage_error(
            std::string("no two recordings of the same tokens are found, by their ids; give two "
                        "traces of one text") +
            (context.against ? "" : ", or name a run with another one with --against"));
    AnalysisOutput out;
    out.used_against = context.against != nullptr;
    for (const RecordedPair& pair : pairs) {
        if (context.progress.cancelled()) return stopped_on_request();
        out.result.add("pairs", recorded_pair_fields(context, pair, out));
    }
    if (out.n == 0)
        return usage_error("the two runs have no router in common, by layer, experts and k");
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedSaturation{
    "saturation", Asks::trace,
    "|A ∩ B| / k of the experts that a token chose in two recordings of the same texts: each two "
    "traces of the run with the same ids, or with --against each of its traces and those of the "
    "other run; first: share of tokens whose expert of the largest weight is the same, where both "
    "have weights; mean: over layers; chance: k / experts. 95 % bootstrap intervals over texts, or "
    "stretches of neighbours where they are few [def:recorded_choices]. n: tokens.",
    saturation, /*compares=*/true};

}  // namespace hopscope::core::analysis
