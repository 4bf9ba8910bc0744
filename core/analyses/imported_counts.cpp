// Analyses of an imported model that are small: what those of a trained run count and measure, on
// recorded choices and router rows.
#include <algorithm>
#include <cmath>

#include "core/analyses/coactivation.h"
#include "core/analyses/collinearity.h"
#include "core/analyses/imported_rows.h"
#include "core/analyses/jaccard.h"
#include "core/analyses/load.h"
#include "core/analyses/recorded_choices.h"
#include "core/base/sets.h"

namespace hopscope::core::analysis {
namespace {

Fields cosines(const Collinearity& c) {
    Fields out;
    add_collinearity(out, c)
        .number("nearest_angle_degrees", c.nearest_angle)
        .number("per_effective_dimension", c.per_dimension);
    return out;
}

Result<AnalysisOutput> collinearity(const ImportedContext& context) {
    AnalysisOutput out;
    const auto measure = [&out](const ModelLayer& layer, const ModelRouter& router,
                                const ImportedRows& rows, Fields& entry) -> Status {
        auto folded = collinearity_of_rows(rows.folded, router.experts);
        folded.random_squared = centred_squared_cosine(router.experts, router.width);
        const auto plain = cosines(collinearity_of_rows(rows.stored, router.experts)),
                   centred = cosines(folded);
        add_object(entry, plain).flag("gain_found", rows.gain_found).object("folded", centred);
        for (const auto& [space, numbers] : {std::pair("rows", &plain), {"folded", &centred}}) {
            Fields row;
            row.place("layer", layer.index).cell("router", router.pool).cell("space", space);
            for (const auto& [name, value] : numbers->json().items())
                row.cell(name, value.is_null() ? NAN : value.get<double>());
            out.table().add(row);
        }
        return {};
    };
    if (auto s = each_router(context, out, measure); !s) return s.error();
    return out;
}

Result<AnalysisOutput> load(const ImportedContext& context) {
    const auto routers = recorded(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    for (const Recorded& one : routers) {
        Fields entry = placed(one.layer, one.pool);
        add_object(entry, load_of(one.sample.counts)).count("tokens", one.tokens);
        out.result.add("layers", entry);
        add_counts(out.table(one.pool == kOwnPool ? "" : one.pool.c_str()), one.layer,
                   one.sample.counts);
    }
    return out;
}

Result<AnalysisOutput> coactivation(const ImportedContext& context) {
    const auto routers = recorded(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    for (const Recorded& one : routers) {
        if (context.progress.cancelled()) return stopped_on_request();
        Fields entry = placed(one.layer, one.pool);
        add_object(entry,
                   chosen_together({one.layer, one.sample, one.experts, one.top_k, one.tokens},
                                   context.seed, out))
            .count("tokens", one.tokens);
        out.result.add("layers", entry);
    }
    return out;
}

/// Index sets of the same tokens in each two layers, by the layers' own routers.
Result<AnalysisOutput> jaccard(const ImportedContext& context) {
    const auto routers = recorded_own(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    out.result.list("between_layers");
    for (size_t l = 0; l < routers.size(); ++l)
        for (size_t m = 0; m < l; ++m) {
            if (context.progress.cancelled()) return stopped_on_request();
            const Recorded &a = routers[m], &b = routers[l];
            if (a.tokens_of != b.tokens_of) continue;  // some trace lacks one of them
            std::vector<double> values;
            for (int64_t t = 0; t < a.tokens; ++t) values.push_back(jaccard_of(a.set(t), b.set(t)));
            const Fields pair =
                layer_pair(a.layer, b.layer, mean_over_tokens(values, parts_of(a), context.seed),
                           random_jaccard(a.experts, b.experts, a.top_k));
            out.result.add("between_layers", pair);
            out.table("layers").add(pair);
        }
    return out;
}

Result<AnalysisOutput> confidence(const ImportedContext& context) {
    AnalysisOutput out;
    for (const Recorded& one : recorded(context)) {
        const auto have = [](const std::vector<double>& values) {
            return std::count_if(values.begin(), values.end(),
                                 [](double x) { return std::isfinite(x); });
        };
        const int64_t tokens = std::max(have(one.entropy), have(one.max_prob));
        if (tokens == 0) continue;
        out.n = std::max(out.n, tokens);
        const auto parts = parts_of(one);
        Fields entry = placed(one.layer, one.pool);
        entry.plain_estimate("entropy", mean_over_tokens(one.entropy, parts, context.seed))
            .plain_estimate("max_prob", mean_over_tokens(one.max_prob, parts, context.seed))
            .number("uniform_entropy", std::log(static_cast<double>(one.experts)));
        out.result.add("layers", entry);
        out.table().add(entry);
    }
    if (out.n == 0)
        return usage_error(
            "entropy and max_prob: not in these traces, which hold choices alone; "
            "record them with hopscope_capture.py");
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedJaccard{
    "jaccard", Asks::trace,
    "|A ∩ B| / |A ∪ B| of the sets of a token's experts in two layers, whose experts have only "
    "their number in common; random: two sets drawn evenly. All traces of the run together, by "
    "the routers of the layers' own experts. 95 % bootstrap interval over texts, "
    "or stretches of neighbours where they are few [def:recorded_choices]. n: tokens.",
    jaccard};

extern const ImportedAnalysis kImportedLoad{
    "load", Asks::trace,
    "choices of each expert in all traces of the run: Gini, coefficient of variation, max / mean, "
    "experts without a choice, share of the five most used, exp(entropy) [def:expert_load]. n: "
    "tokens.",
    load};

extern const ImportedAnalysis kImportedConfidence{
    "confidence", Asks::trace,
    "entropy (nats) and largest probability of the full softmax, mean over the tokens of traces "
    "that have them, 95 % bootstrap intervals over texts, or stretches of neighbours where they "
    "are few [def:recorded_choices]. "
    "uniform_entropy: ln(experts). n: tokens.",
    confidence};

extern const ImportedAnalysis kImportedCollinearity{
    "collinearity",
    Asks::rows,
    "cosines of all pairs of router rows: mean, mean of each row's nearest, effective rank "
    "exp(H(sigma^2)), largest |cos|; folded: of the rows with the gain of the norm before the "
    "router multiplied in (where one is found) and their mean taken away, since softmax does not "
    "see it. n: rows.",
    collinearity,
    /*compares=*/false,
    /*pairs=*/true};

extern const ImportedAnalysis kImportedCoactivation{
    "coactivation",
    Asks::trace,
    "share of an expert's uses whose set also holds the other one, in all traces of the run; "
    "expected: (k - 1) p' / (k - p), p and p' the shares of all tokens that have the one and the "
    "other. strongest_partner: mean over "
    "experts of the largest share, 95 % bootstrap interval over experts; pairs: of experts with "
    "at least a tenth of the mean use. n: tokens.",
    coactivation,
    /*compares=*/false,
    /*pairs=*/true};

}  // namespace hopscope::core::analysis
