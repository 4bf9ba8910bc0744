// Analysis `coactivation`: which experts are chosen together (OLMoE, arXiv 2409.02060)?
#include "core/analyses/coactivation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/analyses/measured.h"
#include "core/measure/choice_counts.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kStrongestPairs = 20;
/// The CSV holds the matrix of a layer's most used experts.
constexpr size_t kMatrixExperts = 256;

struct Pair {
    size_t expert = 0, other = 0;
    int64_t together = 0, uses = 0, other_uses = 0;
    double share() const { return static_cast<double>(together) / static_cast<double>(uses); }
};

/// [M, M] uses of a layer's experts together; on the diagonal those of each.
struct PairMatrix {
    size_t m = 0;
    std::vector<int64_t> counts;
    int64_t uses(size_t e) const { return counts[e * m + e]; }
    int64_t together(size_t a, size_t b) const { return counts[a * m + b]; }
};

struct LayerPairs {
    std::vector<Pair> pairs;        ///< strongest first
    std::vector<double> strongest;  ///< share of the strongest partner of each expert in use
};

LayerPairs pairs_of(const PairMatrix& matrix, int64_t choices) {
    LayerPairs out;
    for (size_t i = 0; i < matrix.m; ++i) {
        if (matrix.uses(i) == 0) continue;
        double best = 0;
        for (size_t j = 0; j < matrix.m; ++j) {
            if (i == j || matrix.together(i, j) == 0) continue;
            out.pairs.push_back({i, j, matrix.together(i, j), matrix.uses(i), matrix.uses(j)});
            best = std::max(best, out.pairs.back().share());
        }
        out.strongest.push_back(best);
    }
    // An expert with a handful of uses has a strong partner by chance.
    const auto least =
        static_cast<int64_t>(0.1 * static_cast<double>(choices) / static_cast<double>(matrix.m));
    std::erase_if(out.pairs, [&](const Pair& p) { return p.uses < std::max<int64_t>(least, 1); });
    const size_t shown = std::min(kStrongestPairs, out.pairs.size());
    std::partial_sort(out.pairs.begin(), out.pairs.begin() + static_cast<std::ptrdiff_t>(shown),
                      out.pairs.end(), [](const Pair& a, const Pair& b) {
                          return std::make_tuple(-a.share(), a.expert, a.other) <
                                 std::make_tuple(-b.share(), b.expert, b.other);
                      });
    out.pairs.resize(shown);
    return out;
}

Fields pair_fields(const Pair& p, const LayerChoices& c) {
    // What uses alone would give: of a turn with i in it, the k − 1 other places, which are dealt
    // among all but i.
    const auto turns =
        static_cast<double>(c.tokens * turns_of(c.sample, static_cast<int64_t>(p.other)));
    const auto k = static_cast<double>(c.top_k);
    Fields out;
    out.place("layer", c.layer)
        .count("expert", static_cast<int64_t>(p.expert))
        .count("other", static_cast<int64_t>(p.other))
        .count("together", p.together)
        .count("uses", p.uses)
        .estimate("share", share_over(p.together, p.uses, "uses"))
        .number("expected", (k - 1) * static_cast<double>(p.other_uses) /
                                (k * turns - static_cast<double>(p.uses)));
    return out;
}

/// Shares of the most used experts in each other's uses, by falling use, to four digits.
void add_matrix(Table& table, int64_t layer, const PairMatrix& matrix) {
    std::vector<size_t> order(matrix.m);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return matrix.uses(a) > matrix.uses(b); });
    order.resize(std::min(matrix.m, kMatrixExperts));
    for (const size_t i : order) {
        Fields row;
        row.place("layer", layer).place("expert", static_cast<int64_t>(i));
        for (size_t rank = 0; rank < order.size(); ++rank) {
            const double share = static_cast<double>(matrix.together(i, order[rank])) /
                                 static_cast<double>(matrix.uses(i));
            row.cell("rank_" + std::to_string(rank), std::round(share * 1e4) / 1e4);
        }
        table.add(row);
    }
}

Result<AnalysisOutput> coactivation(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    const RoutingSample& s = **sample;
    AnalysisOutput out;
    out.n = s.tokens;
    for (size_t l = 0; l < s.layers.size(); ++l)
        out.result.add("layers", chosen_together({static_cast<int64_t>(l), s.layers[l], s.experts,
                                                  s.top_k, s.tokens},
                                                 context.seed, out));
    return out;
}

}  // namespace

Fields chosen_together(const LayerChoices& choices, uint64_t seed, AnalysisOutput& out) {
    const auto& counts = choices.sample.counts;
    const PairMatrix matrix{static_cast<size_t>(choices.experts),
                            pair_counts(choices.sample, choices.experts, choices.top_k)};
    const auto found = pairs_of(matrix, std::accumulate(counts.begin(), counts.end(), int64_t{0}));
    Fields layer;
    layer.estimate("strongest_partner", mean_over(found.strongest, "experts", seed)).list("pairs");
    for (const Pair& pair : found.pairs) {
        const Fields row = pair_fields(pair, choices);
        layer.add("pairs", row);
        out.table().add(row);
    }
    add_matrix(out.table("matrix"), choices.layer, matrix);
    return layer;
}

extern const Analysis kCoactivation{
    "coactivation",
    {Need::model, Need::several_choices},
    "share of an expert's (token, hop) uses whose set also holds the other one (OLMoE); expected: "
    "(k - 1) p' / (k - p), p and p' the shares of all turns that have the one and the other. "
    "strongest_partner: mean over experts of the "
    "largest share, 95 % bootstrap interval over experts; pairs: of experts with at least a tenth "
    "of the mean use. Matrix in the CSV: experts by falling use. n: tokens.",
    coactivation};

}  // namespace hopscope::core::analysis
