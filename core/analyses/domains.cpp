// Analysis `domains`: do texts of two kinds, a trace each, go to other experts
// [def:domains]?
#include <algorithm>
#include <array>
#include <cmath>

#include "core/analyses/recorded_choices.h"
#include "core/stats/bootstrap.h"
#include "core/stats/multiple.h"
#include "core/stats/permutation.h"

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kDealings = 10'000;
/// With fewer texts of a kind no arrangement of labels is rare.
constexpr int64_t kLeastOfAKind = 4;
constexpr size_t kMostApart = 5;

/// Choices of each expert in the texts of two traces.
struct TwoKinds {
    size_t experts = 0;
    std::vector<double> uses;    ///< [texts, experts]
    std::vector<double> tokens;  ///< [texts]
    std::vector<int32_t> kind;   ///< [texts] 0 or 1
    int64_t top_k = 0;

    void add(const Recorded& one, int32_t trace, int32_t as) {
        experts = static_cast<size_t>(one.experts);
        top_k = one.top_k;
        for (size_t i = 0; i < one.text_ends.size(); ++i) {
            if (one.text_trace[i] != trace) continue;
            const auto [from, to] = one.text(i);
            uses.resize(uses.size() + experts, 0);
            for (int64_t t = from; t < to; ++t)
                for (const int32_t e : one.set(t))
                    ++uses[uses.size() - experts + static_cast<size_t>(e)];
            tokens.push_back(static_cast<double>(to - from));
            kind.push_back(as);
        }
    }
    int64_t texts(int32_t of) const { return std::count(kind.begin(), kind.end(), of); }
    /// Share of the tokens of each kind that choose each expert, [2][experts].
    std::array<std::vector<double>, 2> shares(std::span<const int32_t> labels) const {
        std::array<std::vector<double>, 2> out{std::vector<double>(experts, 0),
                                               std::vector<double>(experts, 0)};
        double all[2] = {0, 0};
        for (size_t i = 0; i < labels.size(); ++i) {
            auto& to = out[static_cast<size_t>(labels[i])];
            const double* from = uses.data() + i * experts;
            for (size_t e = 0; e < experts; ++e) to[e] += from[e];
            all[labels[i]] += tokens[i];
        }
        for (size_t kind_at = 0; kind_at < 2; ++kind_at)
            for (double& share : out[kind_at]) share /= all[kind_at];
        return out;
    }
    /// Half of Σ |difference| of the shares of all choices.
    double distance(std::span<const int32_t> labels) const {
        const auto both = shares(labels);
        double sum = 0;
        for (size_t e = 0; e < experts; ++e) sum += std::fabs(both[0][e] - both[1][e]);
        return sum / 2 / static_cast<double>(top_k);
    }
    /// Of the texts of a kind: Σ over experts of factor · uses, and tokens.
    void units(int32_t of, const std::vector<double>& factors, std::vector<double>& sums,
               std::vector<double>& counts) const {
        for (size_t i = 0; i < kind.size(); ++i) {
            if (kind[i] != of) continue;
            double sum = 0;
            for (size_t e = 0; e < experts; ++e) sum += factors[e] * uses[i * experts + e];
            sums.push_back(sum);
            counts.push_back(tokens[i]);
        }
    }
    /// Σ factor · share, of kind 0 less of kind 1, texts of each drawn on their own.
    Estimate difference(const std::vector<double>& factors, uint64_t seed) const {
        std::vector<double> sums[2], counts[2];
        for (const int32_t of : {0, 1}) units(of, factors, sums[of], counts[of]);
        const auto drawn = stats::bootstrap_ratio_difference(
            {sums[0], counts[0]}, {sums[1], counts[1]}, {kFewResamples, seed});
        return {drawn.estimate, drawn.interval(0.95), drawn.n, "texts"};
    }
};

/// The distance with its interval: linear in the shares once it is said which expert has more
/// where, so that the interval has not the bias of a sum of amounts.
Estimate distance_estimate(const TwoKinds& texts, uint64_t seed) {
    const auto both = texts.shares(texts.kind);
    std::vector<double> signs;
    for (size_t e = 0; e < texts.experts; ++e)
        signs.push_back((both[0][e] < both[1][e] ? -0.5 : 0.5) / static_cast<double>(texts.top_k));
    return texts.difference(signs, seed);
}

/// A router in two traces, tested.
struct TestedRouter {
    size_t a = 0, b = 0;  ///< traces
    Fields entry;
    double p = stats::kNaN;
};

TestedRouter test_router(const ImportedContext& context, const Recorded& one, size_t a, size_t b,
                         Table& experts) {
    TwoKinds texts;
    texts.add(one, static_cast<int32_t>(a), 0);
    texts.add(one, static_cast<int32_t>(b), 1);
    TestedRouter out{a, b, placed(one.layer, one.pool), stats::kNaN};
    out.entry.count("texts_a", texts.texts(0)).count("texts_b", texts.texts(1));
    const auto found = stats::permute_labels(
        texts.kind, [&](std::span<const int32_t> labels) { return texts.distance(labels); },
        {kDealings, context.seed});
    out.p = found.p_greater;
    out.entry.estimate("distance", distance_estimate(texts, context.seed))
        .number("null_mean", found.null_mean)
        .range("null95", found.null95.low, found.null95.high)
        .number("p", found.p_greater);
    const auto both = texts.shares(texts.kind);
    std::vector<size_t> order;
    for (size_t e = 0; e < texts.experts; ++e) order.push_back(e);
    std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) {
        return std::fabs(both[0][x] - both[1][x]) > std::fabs(both[0][y] - both[1][y]);
    });
    order.resize(std::min(order.size(), kMostApart));
    out.entry.list("experts");
    for (const size_t e : order) {
        std::vector<double> only(texts.experts, 0);
        only[e] = 1;
        Fields row = row_of(one);
        row.cell("a", trace_name(context, a))
            .cell("b", trace_name(context, b))
            .count("id", static_cast<int64_t>(e), "expert")
            .number("share_a", both[0][e])
            .number("share_b", both[1][e])
            .estimate("difference", texts.difference(only, context.seed));
        out.entry.add("experts", row);
        experts.add(row);
    }
    return out;
}

/// Texts of a trace; those of one text say nothing of how texts differ.
std::string too_few_texts(const ImportedContext& context) {
    for (size_t i = 0; i < context.traces.size(); ++i) {
        const auto routers = recorded_in(context, i);
        const int64_t texts = routers.empty() ? 0 : std::ssize(routers[0].text_ends);
        if (texts < kLeastOfAKind)
            return trace_name(context, i) + " has " + std::to_string(texts) + ", at least " +
                   std::to_string(kLeastOfAKind) +
                   " are needed: record several short texts of a kind in place of a long one";
    }
    return "";
}

Result<AnalysisOutput> domains(const ImportedContext& context) {
    if (context.traces.size() < 2)
        return usage_error(
            "compares texts of two kinds, a trace each, and this run has one trace; import it with "
            "--trace for each");
    if (const std::string why = too_few_texts(context); !why.empty())
        return usage_error("labels are dealt out anew among texts, and the trace " + why);
    std::vector<TestedRouter> tests;
    std::vector<double> p;
    AnalysisOutput out;
    Table& experts = out.table("experts");
    for (const Recorded& one : recorded(context))
        for (size_t a = 0; a < context.traces.size(); ++a)
            for (size_t b = a + 1; b < context.traces.size(); ++b) {
                if (one.tokens_of[a] == 0 || one.tokens_of[b] == 0) continue;
                if (context.progress.cancelled()) return stopped_on_request();
                context.progress.report("layer " + std::to_string(one.layer), -1);
                tests.push_back(test_router(context, one, a, b, experts));
                p.push_back(tests.back().p);
                out.n = std::max(out.n, std::ssize(one.text_ends));
            }
    const auto corrected = stats::holm(p);
    for (size_t a = 0; a < context.traces.size(); ++a)
        for (size_t b = a + 1; b < context.traces.size(); ++b) {
            Fields pair;
            pair.text("a", trace_name(context, a)).text("b", trace_name(context, b)).list("layers");
            for (size_t i = 0; i < tests.size(); ++i) {
                if (tests[i].a != a || tests[i].b != b) continue;
                tests[i].entry.number("p_holm", corrected[i]);
                Fields row = tests[i].entry;
                row.cell("a", trace_name(context, a)).cell("b", trace_name(context, b));
                pair.add("layers", tests[i].entry);
                out.table().add(row);
            }
            out.result.add("pairs", pair);
        }
    out.result.count("permutations", kDealings).count("tests", std::ssize(tests));
    return out;
}

}  // namespace

extern const ImportedAnalysis kDomains{
    "domains", Asks::trace,
    "total variation distance of the loads of a router in each two traces of the run: half of the "
    "sum over experts of |difference of their shares of all choices|. null_mean, null95 and p: "
    "10,000 times the texts of both are dealt out anew to the two traces; p_holm: p corrected for "
    "all routers and pairs (Holm). experts: the 5 of the largest difference of shares of tokens. "
    "95 % bootstrap intervals over texts, each trace's drawn on their own. n: texts.",
    domains};

}  // namespace hopscope::core::analysis
