#include "app/panels/statistics/coactivation_numbers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "viz/similarity.h"

namespace hopscope::app {
namespace {

constexpr size_t kSwapsEach = 10;  ///< tried swaps a choice, for one draw of the control

/// [M, M] sets that hold both experts; on the diagonal those that hold the one.
std::vector<int64_t> pairs_in(std::span<const int32_t> choices, size_t top_k, size_t experts) {
    std::vector<int64_t> out(experts * experts, 0);
    for (size_t from = 0; from + top_k <= choices.size(); from += top_k)
        for (const int32_t a : choices.subspan(from, top_k))
            for (const int32_t b : choices.subspan(from, top_k))
                ++out[static_cast<size_t>(a) * experts + static_cast<size_t>(b)];
    return out;
}

/// Share of the strongest partner of each expert in use.
std::vector<double> partners_in(const std::vector<int64_t>& counts, size_t experts) {
    std::vector<double> out;
    for (size_t i = 0; i < experts; ++i) {
        const int64_t uses = counts[i * experts + i];
        if (uses == 0) continue;
        int64_t best = 0;
        for (size_t j = 0; j < experts; ++j)
            if (j != i) best = std::max(best, counts[i * experts + j]);
        out.push_back(static_cast<double>(best) / static_cast<double>(uses));
    }
    return out;
}

void add_strongest(Coactivation& out, const std::vector<int64_t>& counts,
                   const core::MoeConfig& moe) {
    const auto experts = static_cast<size_t>(out.experts);
    const double k = static_cast<double>(out.top_k);
    const int64_t choices = out.tokens * out.hops * out.top_k;
    // An expert with a handful of uses has a strong partner by chance.
    const auto least = std::max<int64_t>(
        1, static_cast<int64_t>(0.1 * static_cast<double>(choices) / static_cast<double>(experts)));
    const int64_t hops_with = moe.pools == core::Pools::unrolled ? 1 : out.hops;
    const double turns = static_cast<double>(out.tokens * hops_with);
    for (size_t i = 0; i < experts; ++i) {
        const int64_t uses = out.uses[i];
        if (uses < least) continue;
        for (size_t j = 0; j < experts; ++j) {
            const int64_t together = counts[i * experts + j];
            if (i == j || together == 0) continue;
            const auto found = static_cast<double>(together), of = static_cast<double>(uses);
            out.strongest.push_back(
                {static_cast<int32_t>(i), static_cast<int32_t>(j), together, uses, found / of,
                 viz::wilson_interval(found, of),
                 (k - 1) * static_cast<double>(out.uses[j]) / (k * turns - of)});
        }
    }
    const size_t kept = std::min(kStrongestPairs, out.strongest.size());
    std::partial_sort(out.strongest.begin(),
                      out.strongest.begin() + static_cast<std::ptrdiff_t>(kept),
                      out.strongest.end(), [](const PairUse& a, const PairUse& b) {
                          return std::make_tuple(-a.share, a.expert, a.other) <
                                 std::make_tuple(-b.share, b.expert, b.other);
                      });
    out.strongest.resize(kept);
}

void add_matrix(Coactivation& out, const std::vector<int64_t>& counts,
                std::span<const int64_t> cluster_of) {
    const auto experts = static_cast<size_t>(out.experts);
    std::vector<float> use;
    for (const int64_t n : out.uses) use.push_back(static_cast<float>(n));
    const std::vector<int32_t> by_use = viz::spread_over_ranks(use, kMatrixRows);
    std::vector<float> shares, alike;
    for (const int32_t a : by_use)
        for (const int32_t b : by_use) {
            const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
            const auto together = static_cast<float>(counts[i * experts + j]);
            const bool shows = i != j && out.uses[i] > 0;
            shares.push_back(shows ? together / use[i] : core::kNaN);
            // The cosine of the two columns of uses: the same from both sides.
            alike.push_back(together / std::sqrt(std::max(use[i], 1.0f) * std::max(use[j], 1.0f)));
            if (shows) out.highest = std::max(out.highest, shares.back());
        }
    const std::vector<int32_t> places = places_in(out.order, alike, by_use, cluster_of);
    out.shown = in_order_of(by_use, places);
    out.shares = in_order(shares, places);
}

void add_control(Coactivation& out, std::vector<int32_t> choices) {
    core::Random random(core::mix64(static_cast<uint64_t>(out.layer), 42));
    const auto hop = static_cast<size_t>(out.tokens * out.top_k);
    std::vector<double> means;
    for (int64_t draw = 0; draw < kDealtAnew; ++draw) {
        for (size_t h = 0; h < static_cast<size_t>(out.hops); ++h)
            deal_anew(std::span(choices).subspan(h * hop, hop), out.top_k, random);
        const auto counts =
            pairs_in(choices, static_cast<size_t>(out.top_k), static_cast<size_t>(out.experts));
        means.push_back(
            viz::sampled_mean(partners_in(counts, static_cast<size_t>(out.experts))).mean);
    }
    out.dealt = viz::sampled_mean(means).mean;
    out.dealt_low = *std::min_element(means.begin(), means.end());
    out.dealt_high = *std::max_element(means.begin(), means.end());
}

}  // namespace

void deal_anew(std::span<int32_t> choices, int64_t top_k, core::Random& random) {
    const size_t n = choices.size(), k = static_cast<size_t>(top_k);
    if (n == 0) return;
    const auto holds = [&](size_t set, int32_t expert) {
        const auto items = choices.subspan(set * k, k);
        return std::find(items.begin(), items.end(), expert) != items.end();
    };
    for (size_t i = 0; i < kSwapsEach * n; ++i) {
        const size_t a = random.below(n), b = random.below(n);
        if (a / k == b / k || holds(a / k, choices[b]) || holds(b / k, choices[a])) continue;
        std::swap(choices[a], choices[b]);
    }
}

Coactivation coactivation_of(const core::GeometrySnapshot& snapshot, size_t layer,
                             const core::MoeConfig& moe, RowOrder order,
                             std::span<const int64_t> cluster_of) {
    Coactivation out;
    out.order = order;
    out.step = snapshot.step;
    out.layer = static_cast<int64_t>(layer);
    if (layer >= snapshot.layers.size()) return out;
    const core::LayerGeometry& g = snapshot.layers[layer];
    out.tokens = static_cast<int64_t>(snapshot.token_ids.size());
    out.hops = g.hops;
    out.top_k = g.top_k;
    out.experts = g.experts;
    const auto choices = static_cast<size_t>(out.tokens * out.hops * out.top_k);
    const bool fits = std::all_of(g.choices.begin(), g.choices.end(),
                                  [&](int32_t e) { return e >= 0 && e < g.experts; });
    if (out.top_k < 2 || choices == 0 || g.choices.size() != choices || !fits) return out;
    const auto counts =
        pairs_in(g.choices, static_cast<size_t>(g.top_k), static_cast<size_t>(g.experts));
    for (size_t e = 0; e < static_cast<size_t>(g.experts); ++e)
        out.uses.push_back(counts[e * static_cast<size_t>(g.experts) + e]);
    out.partner = viz::sampled_mean(partners_in(counts, static_cast<size_t>(g.experts)));
    add_strongest(out, counts, moe);
    add_matrix(out, counts, cluster_of);
    add_control(out, g.choices);
    return out;
}

}  // namespace hopscope::app
