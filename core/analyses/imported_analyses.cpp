#include "core/analyses/imported_analyses.h"

#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/analyses/coactivation.h"
#include "core/analyses/collinearity.h"
#include "core/analyses/jaccard.h"
#include "core/analyses/load.h"
#include "core/base/sets.h"
#include "core/imported/routing_rule.h"
#include "core/measure/router_geometry.h"

namespace hopscope::core::analysis {
namespace {

/// Neighbouring tokens are alike, so an interval rests on stretches of them.
constexpr size_t kStretches = 50;

/// A router of the run with all that the traces say of it: rows that are tokens, one trace behind
/// the other.
struct Recorded {
    int64_t layer = 0;
    std::string pool;
    int64_t experts = 0, top_k = 0, tokens = 0;
    std::vector<int64_t> tokens_of;  ///< each trace's part of them
    LayerSample sample;
    std::vector<double> entropy, max_prob;  ///< of the tokens whose trace has them
};

void add_rows(Recorded& out, const RecordedLayer& layer) {
    const auto k = static_cast<size_t>(layer.top_k);
    out.top_k = layer.top_k;
    for (size_t row = 0; row * k < layer.chosen.size(); ++row) {
        const int32_t* ids = layer.chosen.data() + row * k;
        if (ids[0] < 0) continue;
        ++out.tokens;
        out.sample.hops[0].experts.insert(out.sample.hops[0].experts.end(), ids, ids + k);
        for (size_t i = 0; i < k; ++i) ++out.sample.counts[static_cast<size_t>(ids[i])];
        if (!layer.entropy.empty()) out.entropy.push_back(layer.entropy[row]);
        if (!layer.max_prob.empty()) out.max_prob.push_back(layer.max_prob[row]);
    }
}

/// Routers that a trace speaks of, in the order of the layers.
std::vector<Recorded> recorded(const ImportedContext& context) {
    std::vector<Recorded> out;
    for (const ModelLayer& layer : context.run.layout().layers)
        for (const ModelRouter& router : layer.routers) {
            Recorded one;
            one.layer = layer.index;
            one.pool = router.pool;
            one.experts = router.experts;
            one.sample.counts.assign(static_cast<size_t>(router.experts), 0);
            one.sample.hops = {{0, router.experts, {}}};
            for (const RecordedRouting& trace : context.traces) {
                const int64_t before = one.tokens;
                for (const RecordedLayer& part : trace.layers)
                    if (part.layer == one.layer && part.pool == one.pool) add_rows(one, part);
                one.tokens_of.push_back(one.tokens - before);
            }
            if (one.tokens > 0) out.push_back(std::move(one));
        }
    return out;
}

int64_t most_tokens(const std::vector<Recorded>& routers) {
    int64_t out = 0;
    for (const Recorded& one : routers) out = std::max(out, one.tokens);
    return out;
}

/// Where it is: fields of the JSON, since layers without a router are left out there.
Fields placed(int64_t layer, const std::string& pool) {
    Fields out;
    out.count("layer", layer).text("router", pool);
    return out;
}

Fields& add_object(Fields& to, const Fields& more) {
    for (const auto& [name, value] : more.json().items()) to.json(name, value);
    return to;
}

/// Mean over tokens, with an interval over stretches of neighbours.
Estimate over_stretches(const std::vector<double>& values, uint64_t seed) {
    const size_t parts = std::min(kStretches, values.size());
    std::vector<double> means;
    for (size_t p = 0; p < parts; ++p) {
        const size_t begin = p * values.size() / parts, end = (p + 1) * values.size() / parts;
        double sum = 0;
        for (size_t i = begin; i < end; ++i) sum += values[i];
        means.push_back(sum / static_cast<double>(end - begin));
    }
    return mean_over(means, "stretches", seed);
}

Fields cosines(const Collinearity& c) {
    Fields out;
    add_collinearity(out, c)
        .number("nearest_angle_degrees", c.nearest_angle)
        .number("per_effective_dimension", c.per_dimension);
    return out;
}

/// A router's rows as softmax sees what enters the norm: the norm's gain folded in, their mean,
/// which moves all logits alike, taken away.
std::vector<float> folded(std::vector<float> rows, const std::vector<float>& gain, size_t experts) {
    const size_t d = rows.size() / experts;
    for (size_t i = 0; i < d; ++i) {
        double mean = 0;
        for (size_t e = 0; e < experts; ++e) {
            if (!gain.empty()) rows[e * d + i] *= gain[i];
            mean += static_cast<double>(rows[e * d + i]) / static_cast<double>(experts);
        }
        for (size_t e = 0; e < experts; ++e) rows[e * d + i] -= static_cast<float>(mean);
    }
    return rows;
}

Collinearity collinearity_of(std::vector<float>& rows, int64_t experts) {
    return core::collinearity_of(
        at::from_blob(rows.data(), {experts, static_cast<int64_t>(rows.size()) / experts}));
}

Result<AnalysisOutput> collinearity(const ImportedContext& context) {
    AnalysisOutput out;
    for (const ModelLayer& layer : context.run.layout().layers)
        for (const ModelRouter& router : layer.routers) {
            if (context.progress.cancelled()) return stopped_on_request();
            auto rows = context.run.rows(layer.index, router.pool);
            if (!rows) return rows.error();
            const auto gain = context.run.gain(layer.index, router.pool);
            if (!gain) return gain.error();
            Fields entry = placed(layer.index, router.pool);
            if (first_not_finite(*rows) || first_not_finite(*gain)) {
                entry.text("reason", "the router has numbers that are not finite");
                out.result.add("layers", entry);
                continue;
            }
            auto shown = folded(*rows, *gain, static_cast<size_t>(router.experts));
            const auto plain = cosines(collinearity_of(*rows, router.experts)),
                       centred = cosines(collinearity_of(shown, router.experts));
            add_object(entry, plain).flag("gain_found", !gain->empty()).object("folded", centred);
            out.n += router.experts;
            out.result.add("layers", entry);
            for (const auto& [space, numbers] : {std::pair("rows", &plain), {"folded", &centred}}) {
                Fields row;
                row.place("layer", layer.index).cell("router", router.pool).cell("space", space);
                for (const auto& [name, value] : numbers->json().items())
                    row.cell(name, value.is_null() ? NAN : value.get<double>());
                out.table().add(row);
            }
        }
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
    auto routers = recorded(context);
    std::erase_if(routers, [](const Recorded& one) { return one.pool != kOwnPool; });
    AnalysisOutput out;
    out.n = most_tokens(routers);
    out.result.list("between_layers");
    for (size_t l = 0; l < routers.size(); ++l)
        for (size_t m = 0; m < l; ++m) {
            if (context.progress.cancelled()) return stopped_on_request();
            const Recorded &a = routers[m], &b = routers[l];
            if (a.tokens_of != b.tokens_of) continue;  // some trace lacks one of them
            const auto k = static_cast<size_t>(a.top_k);
            std::vector<double> values;
            for (size_t at = 0; at < a.sample.hops[0].experts.size(); at += k)
                values.push_back(jaccard_of({a.sample.hops[0].experts.data() + at, k},
                                            {b.sample.hops[0].experts.data() + at, k}));
            const Fields pair = layer_pair(a.layer, b.layer, over_stretches(values, context.seed),
                                           random_jaccard(a.experts, b.experts, a.top_k));
            out.result.add("between_layers", pair);
            out.table("layers").add(pair);
        }
    return out;
}

Result<AnalysisOutput> confidence(const ImportedContext& context) {
    AnalysisOutput out;
    for (const Recorded& one : recorded(context)) {
        if (one.entropy.empty() && one.max_prob.empty()) continue;
        out.n = std::max(out.n, static_cast<int64_t>(one.entropy.size()));
        Fields entry = placed(one.layer, one.pool);
        entry.plain_estimate("entropy", over_stretches(one.entropy, context.seed))
            .plain_estimate("max_prob", over_stretches(one.max_prob, context.seed))
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

constexpr ImportedAnalysis kTable[] = {
    {"jaccard", true,
     "|A ∩ B| / |A ∪ B| of the sets of a token's experts in two layers, whose experts have only "
     "their number in common; random: two sets drawn evenly. All traces of the run together, by "
     "the routers of the layers' own experts. 95 % bootstrap interval over stretches of "
     "neighbouring tokens, at most 50. n: tokens.",
     jaccard},
    {"load", true,
     "choices of each expert in all traces of the run: Gini, coefficient of variation, max / mean, "
     "experts without a choice, share of the five most used, exp(entropy) [def:expert_load]. n: "
     "tokens.",
     load},
    {"confidence", true,
     "entropy (nats) and largest probability of the full softmax, mean over the tokens of traces "
     "that have them, 95 % bootstrap intervals over stretches of neighbouring tokens, at most 50. "
     "uniform_entropy: ln(experts). n: tokens.",
     confidence},
    {"collinearity", false,
     "cosines of all pairs of router rows: mean, mean of each row's nearest, effective rank "
     "exp(H(sigma^2)), largest |cos|; folded: of the rows with the gain of the norm before the "
     "router multiplied in (where one is found) and their mean taken away, since softmax does not "
     "see it. n: rows.",
     collinearity},
    {"coactivation", true,
     "share of an expert's uses whose set also holds the other one, in all traces of the run; "
     "expected: (k - 1) / k of the other's share of all tokens. strongest_partner: mean over "
     "experts of the largest share, 95 % bootstrap interval over experts; pairs: of experts with "
     "at least a tenth of the mean use. n: tokens.",
     coactivation},
};

}  // namespace

std::span<const ImportedAnalysis> imported_analyses() {
    return kTable;
}

Result<AnalysisOutput> run_imported(const ImportedAnalysis& analysis,
                                    const ImportedContext& context) {
    if (analysis.needs_trace && context.traces.empty())
        return usage_error(
            "is of recorded choices, and this run has none; import it with --trace "
            "FILE");
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
