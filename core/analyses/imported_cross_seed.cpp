// Analysis `cross_seed` of imported models: whose row is whose in a second model or checkpoint, how
// far has each moved, and do partners take the same tokens [def:cross_seed]?
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/analyses/cross_seed.h"
#include "core/analyses/expert_matches.h"
#include "core/analyses/imported_rows.h"
#include "core/analyses/recorded_choices.h"
#include "core/compare/warnings.h"
#include "core/measure/numbers.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

/// Of the likeness by tokens, which takes a search for each draw.
constexpr int64_t kTokenDraws = 20;
/// Of a longer text so many tokens, evenly chosen.
constexpr int64_t kMatchedTokens = 2'048;

at::Tensor as_tensor(const std::vector<float>& rows, int64_t experts) {
    // Read only; from_blob takes no pointer to const.
    return at::from_blob(const_cast<float*>(rows.data()),
                         {experts, static_cast<int64_t>(rows.size()) / experts}, at::kFloat);
}

/// Two routers of one layer and pool.
struct RouterPair {
    int64_t layer = 0;
    const ModelRouter *a = nullptr, *b = nullptr;
};

std::vector<RouterPair> router_pairs(const ModelLayout& a, const ModelLayout& b) {
    std::vector<RouterPair> out;
    for (const ModelLayer& layer : a.layers)
        for (const ModelRouter& router : layer.routers)
            if (const ModelRouter* other = b.find(layer.index, router.pool))
                out.push_back({layer.index, &router, other});
    return out;
}

/// Rows of a against rows of b, by folded rows.
struct RowMatches {
    std::vector<double> cosine;   ///< largest
    std::vector<double> partner;  ///< whose
    std::vector<double> mutual;   ///< 1 where the partner's partner is the expert itself
    // Of experts of one number, where both have as many:
    std::vector<double> own_cosine, moved, same, length_ratio;
};

RowMatches match_rows(const std::vector<float>& rows, const std::vector<float>& other,
                      const RouterPair& pair) {
    using kernels::reference::l2norm;
    // In fp64: the angle of two directions that agree would be the root of fp32's rounding.
    const auto a = as_tensor(rows, pair.a->experts).to(at::kDouble),
               b = as_tensor(other, pair.b->experts).to(at::kDouble);
    const auto cosines = at::matmul(l2norm(a), l2norm(b).t()).clamp(-1, 1);
    const auto [best, index] = at::max(cosines, 1);
    const auto back = numbers(std::get<1>(at::max(cosines, 0)));
    RowMatches out{numbers(best), numbers(index), {}, {}, {}, {}, {}};
    for (size_t e = 0; e < out.partner.size(); ++e)
        out.mutual.push_back(
            back[static_cast<size_t>(out.partner[e])] == static_cast<double>(e) ? 1 : 0);
    if (pair.a->experts != pair.b->experts) return out;
    out.own_cosine = numbers(cosines.diagonal());
    const auto lengths = numbers(at::linalg_vector_norm(b, 2, at::IntArrayRef{-1}) /
                                 at::linalg_vector_norm(a, 2, at::IntArrayRef{-1}));
    for (size_t e = 0; e < out.own_cosine.size(); ++e) {
        out.moved.push_back(std::acos(std::clamp(out.own_cosine[e], -1.0, 1.0)) * 180 /
                            std::numbers::pi);
        out.same.push_back(out.partner[e] == static_cast<double>(e) ? 1 : 0);
        out.length_ratio.push_back(lengths[e]);
    }
    return out;
}

/// What chance gives for a largest cosine: directions drawn evenly, as many on both sides.
std::vector<double> drawn_cosines(const RouterPair& pair, uint64_t seed) {
    return best_cosine(random_directions(pair.a->experts, pair.a->width, mix64(seed, 3)),
                       random_directions(pair.b->experts, pair.b->width, mix64(seed, 4)));
}

void add_rows(Fields& entry, const RowMatches& found, const RouterPair& pair, uint64_t seed,
              AnalysisOutput& out, OrderedJson& warnings) {
    const auto over = [&](const std::vector<double>& values) {
        return mean_over(values, "experts", seed);
    };
    const auto cosine = over(found.cosine);
    const double chance = std::sqrt(2 * std::log(static_cast<double>(pair.b->experts)) /
                                    static_cast<double>(pair.b->width));
    entry.estimate("cosine", cosine)
        .number("cosine_random", chance)
        .estimate("cosine_random_drawn", over(drawn_cosines(pair, seed)))
        .estimate("mutual", over(found.mutual));
    if (!found.moved.empty())
        entry.estimate("own_cosine", over(found.own_cosine))
            .estimate("moved_degrees", over(found.moved))
            .estimate("same_partner", over(found.same))
            .number("same_by_chance", 1 / static_cast<double>(pair.b->experts))
            .estimate("length_ratio", over(found.length_ratio));
    BestMatch match;
    match.what = "cosine of layer " + std::to_string(pair.layer);
    match.value = cosine.value;
    match.low = cosine.ci95.low;
    match.candidates = pair.b->experts;
    match.random_pair = 0;  // directions know no sign
    match.random_best = chance;
    if (const auto warning = best_match_warning(match)) warnings.push_back(warning_json(*warning));
    for (size_t e = 0; e < found.cosine.size(); ++e) {
        Fields row;
        row.place("layer", pair.layer)
            .cell("router", pair.a->pool)
            .place("expert", static_cast<int64_t>(e))
            .place("partner", static_cast<int64_t>(found.partner[e]))
            .cell("cosine", found.cosine[e]);
        if (!found.moved.empty())
            row.cell("own_cosine", found.own_cosine[e])
                .cell("moved_degrees", found.moved[e])
                .cell("length_ratio", found.length_ratio[e]);
        out.table().add(row);
    }
}

/// A trace of each run of the same tokens.
struct SharedText {
    size_t a = 0, b = 0;
};

std::optional<SharedText> shared_text(const ImportedContext& a, const ImportedContext& b) {
    for (size_t i = 0; i < a.traces.size(); ++i)
        for (size_t j = 0; j < b.traces.size(); ++j) {
            const RecordedRouting &x = a.traces[i], &y = b.traces[j];
            if (!x.tokens.empty() && x.tokens == y.tokens && x.length == y.length)
                return SharedText{i, j};
        }
    return std::nullopt;
}

/// What the matching of trained runs reads, without centroids: partners share most tokens.
std::optional<GeometrySnapshot> as_snapshot(const ImportedContext& context,
                                            const std::vector<Recorded>& routers,
                                            const RouterPair& pair) {
    const auto one = std::find_if(routers.begin(), routers.end(), [&](const Recorded& r) {
        return r.layer == pair.layer && r.pool == pair.a->pool;
    });
    if (one == routers.end()) return std::nullopt;
    GeometrySnapshot out;
    const auto ids = ids_of(context, *one);
    const int64_t tokens = std::min(one->tokens, kMatchedTokens);
    LayerGeometry layer;
    layer.experts = one->experts;
    layer.hops = 1;
    layer.top_k = one->top_k;
    for (int64_t i = 0; i < tokens; ++i) {
        const int64_t at = i * one->tokens / tokens;
        const auto set = one->set(at);
        out.token_ids.push_back(ids[static_cast<size_t>(at)]);
        layer.choices.insert(layer.choices.end(), set.begin(), set.end());
    }
    out.layers.push_back(std::move(layer));
    return out;
}

Estimate estimate_of(const MatchedNumber& number) {
    return {number.value, {number.low, number.high}, number.n, "experts"};
}

Result<AnalysisOutput> cross_seed(const ImportedContext& context) {
    const ImportedContext& other = *context.against;
    const auto pairs = router_pairs(context.run.layout(), other.run.layout());
    if (pairs.empty())
        return usage_error("the two models have no layer with a router in common, by number");
    AnalysisOutput out;
    out.used_against = true;
    const auto text = shared_text(context, other);
    std::vector<Recorded> here, there;
    if (text) {
        here = recorded_in(context, text->a);
        there = recorded_in(other, text->b);
    }
    OrderedJson warnings = OrderedJson::array();
    int64_t with_rows = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
        const RouterPair& pair = pairs[i];
        if (context.progress.cancelled()) return stopped_on_request();
        context.progress.report("layer " + std::to_string(pair.layer),
                                static_cast<double>(i) / static_cast<double>(pairs.size()));
        Fields entry = placed(pair.layer, pair.a->pool);
        const auto rows = imported_rows(context.run, pair.layer, *pair.a);
        if (!rows) return rows.error();
        const auto others = imported_rows(other.run, pair.layer, *pair.b);
        if (!others) return others.error();
        if (pair.a->width != pair.b->width) {
            entry.text("reason", "no cosine: the two have different widths");
        } else if (!rows->finite || !others->finite) {
            entry.text("reason", kNotFinite);
        } else {
            add_rows(entry, match_rows(rows->folded, others->folded, pair), pair, context.seed, out,
                     warnings);
            ++with_rows;
        }
        const auto a = text ? as_snapshot(context, here, pair) : std::nullopt,
                   b = text ? as_snapshot(other, there, pair) : std::nullopt;
        if (a && b) {
            MatchRequest request{"a", "b", 0, 0, 0, kTokenDraws, context.seed};
            const auto found = match_experts(*a, *b, request, context.progress);
            if (!found) return found.error();
            entry.estimate("jaccard", estimate_of(found->jaccard))
                .number("jaccard_random_best", found->jaccard.chance)
                .count("above_chance", found->above_chance);
        }
        out.n += pair.a->experts;
        out.result.add("layers", entry);
        out.table("layers").add(entry);
    }
    if (with_rows == 0 && !text)
        return usage_error(
            "the two models have rows of different widths and no traces of the same tokens, so "
            "nothing of them can be held side by side");
    out.result.text("text", text ? trace_name(context, text->a)
                                 : "none: the two runs have no traces of the same tokens");
    out.result.json("warnings", warnings);
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedCrossSeed{
    "cross_seed",
    Asks::second_run,
    "against a second imported model or checkpoint, of each layer that both have: the largest "
    "cosine of each router row with one of the other, rows folded [def:folded_rows], beside sqrt(2 "
    "ln M / d) and that of random directions; mutual: share of experts that are their partner's "
    "partner. Of experts of one number: own_cosine, moved_degrees (its angle), length_ratio, and "
    "same_partner, the share that are their own partner. jaccard, where both have a trace of the "
    "same tokens: the largest of the sets of tokens of two experts (2,048 tokens at most), beside "
    "the best of tokens dealt out anew (20 draws) [def:expert_matches]. 95 % bootstrap intervals "
    "over experts. n: experts.",
    cross_seed,
    /*compares=*/true,
    /*pairs=*/true};

}  // namespace hopscope::core::analysis
