// Cosines of rows, their summary and the order that puts like beside like.
#include "viz/similarity.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace hopscope::viz {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

std::vector<float> gaussian(size_t rows, size_t width, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(rows * width);
    for (float& v : out) v = normal(random);
    return out;
}

// Wrong if the sums counted the diagonal, or rows were not brought to length 1: three rows of known
// angles give all numbers by hand.
TEST(Similarity, ThreeRowsByHand) {
    const std::vector<float> rows = {2, 0, /**/ 0, 5, /**/ -3, 0};
    const SimilaritySummary s = summarise_similarity(rows, 2);
    EXPECT_EQ(s.rows, 3);
    EXPECT_EQ(s.pairs, 3);
    EXPECT_NEAR(s.mean, -1.0 / 3, 1e-6);
    EXPECT_NEAR(s.mean_size, 1.0 / 3, 1e-6);
    EXPECT_NEAR(s.nearest, 0.0, 1e-6);
    EXPECT_NEAR(s.largest, 0.0, 1e-6);
    ASSERT_EQ(s.nearest_of.size(), 3u);
    EXPECT_NEAR(s.nearest_of[2], 0.0, 1e-6);
    // Squared singular values 2 and 1: exp of the entropy of (2/3, 1/3).
    EXPECT_NEAR(s.effective_rank, std::exp(std::log(3.0) - 2.0 / 3 * std::log(2.0)), 1e-4);
}

// Wrong if the rank were that of the rows' number: orthogonal rows have their number, copies
// have 1.
TEST(Similarity, EffectiveRankOfTheExtremes) {
    std::vector<float> unit(8 * 8, 0.0f), same(8 * 8, 0.3f);
    for (size_t i = 0; i < 8; ++i) unit[i * 8 + i] = 1;
    EXPECT_NEAR(summarise_similarity(unit, 8).effective_rank, 8, 1e-3);
    EXPECT_NEAR(summarise_similarity(same, 8).effective_rank, 1, 1e-3);
    EXPECT_NEAR(summarise_similarity(same, 8).mean, 1, 1e-6);
    // More columns than rows takes the other square.
    EXPECT_NEAR(summarise_similarity(std::span(unit).first(4 * 8), 8).effective_rank, 4, 1e-3);
}

// Wrong if blocks of rows left pairs out: more rows than one block against a plain double loop.
TEST(Similarity, BlocksMatchAPlainLoop) {
    const size_t n = 300, width = 7;
    const auto rows = gaussian(n, width, 1);
    const SimilaritySummary s = summarise_similarity(rows, width);
    double sum = 0, best = -2, nearest = 0;
    for (size_t i = 0; i < n; ++i) {
        double near = -2;
        for (size_t j = 0; j < n; ++j) {
            if (i == j) continue;
            double ab = 0, aa = 0, bb = 0;
            for (size_t d = 0; d < width; ++d) {
                const double a = rows[i * width + d], b = rows[j * width + d];
                ab += a * b, aa += a * a, bb += b * b;
            }
            const double cosine = ab / std::sqrt(aa * bb);
            sum += cosine;
            near = std::max(near, cosine);
        }
        nearest += near / n;
        best = std::max(best, near);
    }
    EXPECT_NEAR(s.mean, sum / static_cast<double>(n * (n - 1)), 1e-6);
    EXPECT_NEAR(s.nearest, nearest, 1e-5);
    EXPECT_NEAR(s.largest, best, 1e-5);
    EXPECT_LT(s.a, s.b);
}

// Wrong if one broken centroid made every number NaN, or was counted.
TEST(Similarity, UnusableRowsTakeNoPart) {
    const std::vector<float> rows = {1, 0, /**/ kNone, 1, /**/ 0, 0, /**/ 1, 1};
    const SimilaritySummary s = summarise_similarity(rows, 2);
    EXPECT_EQ(s.rows, 2);
    EXPECT_EQ(s.pairs, 1);
    EXPECT_NEAR(s.mean, std::sqrt(0.5), 1e-6);
    EXPECT_EQ(s.a, 0);
    EXPECT_EQ(s.b, 3);
    EXPECT_TRUE(std::isnan(s.nearest_of[1]));
    const std::vector<int32_t> which = {0, 1, 3};
    const auto c = cosines_of(rows, 2, which);
    EXPECT_TRUE(std::isnan(c[1]) && std::isnan(c[4]));
    EXPECT_NEAR(c[2], std::sqrt(0.5), 1e-6);
    EXPECT_TRUE(std::isnan(summarise_similarity({}, 4).mean));
    EXPECT_TRUE(std::isnan(summarise_similarity(std::span(rows).first(2), 2).mean));
}

// Wrong if the order scattered a cluster: members of three planted clusters, shuffled, must stand
// together, and every row exactly once.
TEST(Similarity, ClustersBecomeBlocks) {
    const size_t n = 60, width = 16;
    const auto centres = gaussian(3, width, 2);
    auto rows = gaussian(n, width, 3);
    for (size_t i = 0; i < n; ++i)
        for (size_t d = 0; d < width; ++d)
            rows[i * width + d] = 0.25f * rows[i * width + d] + centres[(i * 7 % 3) * width + d];
    std::vector<int32_t> all(n);
    for (size_t i = 0; i < n; ++i) all[i] = static_cast<int32_t>(i);
    const auto order = order_by_similarity(cosines_of(rows, width, all), n);
    ASSERT_EQ(order.size(), n);
    int changes = 0;
    std::vector<bool> seen(n, false);
    for (size_t i = 0; i < n; ++i) {
        seen[static_cast<size_t>(order[i])] = true;
        if (i > 0) changes += order[i] * 7 % 3 != order[i - 1] * 7 % 3;
    }
    EXPECT_EQ(changes, 2);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<int64_t>(n));
}

// Wrong if equal or missing cosines made the chain of neighbours run in a circle.
TEST(Similarity, TiesAndGapsEnd) {
    for (const float value : {0.0f, 1.0f, kNone}) {
        const std::vector<float> same(50 * 50, value);
        EXPECT_EQ(order_by_similarity(same, 50).size(), 50u);
    }
    EXPECT_TRUE(order_by_similarity({}, 0).empty());
    EXPECT_EQ(order_by_similarity(std::vector<float>{1.0f}, 1).size(), 1u);
}

// Wrong if a subsample took only the busiest, or an order of equal loads changed from run to run.
TEST(Similarity, SubsampleIsSpreadOverRanks) {
    std::vector<float> load(1000);
    for (size_t i = 0; i < load.size(); ++i) load[i] = static_cast<float>((i * 37) % 1000);
    const auto chosen = spread_over_ranks(load, 250);
    ASSERT_EQ(chosen.size(), 250u);
    for (size_t i = 0; i < chosen.size(); ++i)
        EXPECT_EQ(load[static_cast<size_t>(chosen[i])], 999.0f - 4.0f * static_cast<float>(i));
    const auto all = spread_over_ranks(std::vector<float>{1, kNone, 1, 2}, 10);
    EXPECT_EQ(all, (std::vector<int32_t>{3, 0, 2, 1}));
}

// Wrong if a pair were left out, counted twice or in the wrong place: against all pairs, sorted.
TEST(Similarity, ClosestPairs) {
    auto rows = gaussian(150, 6, 3);
    for (size_t d = 0; d < 6; ++d) {
        rows[7 * 6 + d] = 0;                      // no direction: in no pair
        rows[140 * 6 + d] = 3 * rows[2 * 6 + d];  // the same direction: the closest of all
    }
    struct Pair {
        double cosine;
        int32_t a, b;
    };
    std::vector<Pair> all;
    for (int32_t a = 0; a < 150; ++a)
        for (int32_t b = a + 1; b < 150; ++b) {
            if (a == 7 || b == 7) continue;
            double dot = 0, x = 0, y = 0;
            for (size_t d = 0; d < 6; ++d) {
                const double u = static_cast<double>(rows[static_cast<size_t>(a) * 6 + d]);
                const double v = static_cast<double>(rows[static_cast<size_t>(b) * 6 + d]);
                dot += u * v;
                x += u * u;
                y += v * v;
            }
            all.push_back({dot / std::sqrt(x * y), a, b});
        }
    std::sort(all.begin(), all.end(),
              [](const Pair& p, const Pair& q) { return p.cosine > q.cosine; });
    const auto found = closest_pairs(rows, 6, 40);
    ASSERT_EQ(found.size(), 40u);
    EXPECT_EQ(found[0].a, 2);
    EXPECT_EQ(found[0].b, 140);
    for (size_t i = 0; i < 40; ++i) {
        EXPECT_EQ(found[i].a, all[i].a) << i;
        EXPECT_EQ(found[i].b, all[i].b) << i;
        EXPECT_NEAR(found[i].cosine, all[i].cosine, 1e-5);
    }
    EXPECT_EQ(closest_pairs(std::vector<float>{1, 0, 0, 1}, 2, 40).size(), 1u);
    EXPECT_TRUE(closest_pairs({}, 2, 40).empty());
}

}  // namespace
}  // namespace hopscope::viz
