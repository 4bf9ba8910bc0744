// Matched experts. If these fail, two runs that grew the same experts look unrelated, unrelated
// ones look alike, or an expert's own way is taken for that of another.
#include "core/analyses/expert_matches.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <numeric>
#include <random>

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kExperts = 24, kWidth = 6, kTokens = 120, kHops = 2, kTopK = 2;

using Rows = std::vector<float>;

void normalise(Rows& rows) {
    for (size_t r = 0; r < rows.size(); r += kWidth) {
        double sum = 0;
        for (size_t k = 0; k < kWidth; ++k) sum += static_cast<double>(rows[r + k] * rows[r + k]);
        for (size_t k = 0; k < kWidth; ++k) rows[r + k] /= static_cast<float>(std::sqrt(sum));
    }
}

Rows random_rows(int64_t n, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    Rows out(static_cast<size_t>(n * kWidth));
    for (float& x : out) x = normal(random);
    normalise(out);
    return out;
}

/// A layer whose tokens take the experts nearest to them.
GeometrySnapshot made_up_snapshot(uint64_t seed) {
    GeometrySnapshot out;
    out.step = static_cast<int64_t>(seed);
    for (int64_t t = 0; t < kTokens; ++t) {
        out.token_ids.push_back(static_cast<int32_t>(t));
        out.pieces.push_back("w" + std::to_string(t));
    }
    LayerGeometry layer;
    layer.experts = kExperts;
    layer.d_space = kWidth;
    layer.hops = kHops;
    layer.top_k = kTopK;
    layer.centroids = random_rows(kExperts, seed);
    layer.positions = random_rows(kHops * kTokens, seed + 100);
    for (int64_t p = 0; p < kHops * kTokens; ++p) {
        std::vector<std::pair<float, int32_t>> scores;
        for (int64_t e = 0; e < kExperts; ++e) {
            float dot = 0;
            for (int64_t k = 0; k < kWidth; ++k)
                dot += layer.centroids[static_cast<size_t>(e * kWidth + k)] *
                       layer.positions[static_cast<size_t>(p * kWidth + k)];
            scores.emplace_back(-dot, static_cast<int32_t>(e));
        }
        std::sort(scores.begin(), scores.end());
        for (int64_t k = 0; k < kTopK; ++k) {
            layer.choices.push_back(scores[static_cast<size_t>(k)].second);
            layer.weights.push_back(0.5f);
        }
    }
    out.layers = {layer};
    return out;
}

/// The rows in another basis: axes are exchanged, and two of them turned by 0.7.
Rows in_other_basis(const Rows& rows) {
    Rows out = rows;
    for (size_t r = 0; r < rows.size(); r += kWidth)
        for (size_t k = 0; k < kWidth; ++k) out[r + k] = rows[r + (k + 2) % kWidth];
    const float c = std::cos(0.7f), s = std::sin(0.7f);
    for (size_t r = 0; r < out.size(); r += kWidth) {
        const float x = out[r], y = out[r + 1];
        out[r] = c * x - s * y;
        out[r + 1] = s * x + c * y;
    }
    return out;
}

/// The same experts under other numbers and in another basis.
GeometrySnapshot disguised(const GeometrySnapshot& from, std::vector<int32_t>& number_of) {
    number_of.resize(kExperts);
    std::iota(number_of.begin(), number_of.end(), 0);
    std::shuffle(number_of.begin(), number_of.end(), std::mt19937_64(5));
    GeometrySnapshot out = from;
    LayerGeometry& layer = out.layers[0];
    const Rows turned = in_other_basis(from.layers[0].centroids);
    for (size_t e = 0; e < kExperts; ++e)
        std::copy_n(turned.begin() + static_cast<int64_t>(e * kWidth), kWidth,
                    layer.centroids.begin() + number_of[e] * kWidth);
    layer.positions = in_other_basis(from.layers[0].positions);
    for (int32_t& choice : layer.choices) choice = number_of[static_cast<size_t>(choice)];
    return out;
}

MatchRequest of_two_runs() {
    MatchRequest request;
    request.run_a = "a";
    request.run_b = "b";
    request.draws = 40;
    return request;
}

// Wrong if tokens whose text is not kept were looked up all the same.
TEST(ExpertMatches, TokensWithoutTextHaveNone) {
    const GeometrySnapshot a = made_up_snapshot(1);
    GeometrySnapshot b = a;
    b.pieces.clear();
    const auto found = match_experts(a, b, of_two_runs());
    ASSERT_TRUE(found) << found.error().message;
    size_t texts = 0;
    for (const ExpertMatch& match : found->matches) {
        EXPECT_TRUE(match.pieces_b.empty());
        texts += match.pieces_a.size();
    }
    EXPECT_GT(texts, 0u);
}

// Wrong if another basis or other numbers hid that the experts are the same.
TEST(ExpertMatches, TheSameExpertsInAnotherBasis) {
    const GeometrySnapshot a = made_up_snapshot(1);
    std::vector<int32_t> number_of;
    const GeometrySnapshot b = disguised(a, number_of);
    const auto found = match_experts(a, b, of_two_runs());
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->matches.size(), static_cast<size_t>(kExperts));
    for (const ExpertMatch& match : found->matches) {
        EXPECT_EQ(match.b, number_of[static_cast<size_t>(match.a)]);
        EXPECT_NEAR(match.cosine, 1, 1e-4);
        EXPECT_LT(match.moved, 1);
        EXPECT_TRUE(match.above_chance);
        EXPECT_TRUE(std::isnan(match.jaccard) || match.jaccard == 1);
    }
    EXPECT_NEAR(found->cosine.value, 1, 1e-4);
    EXPECT_LT(found->cosine.chance, 0.9);
    EXPECT_LT(found->jaccard.chance, 0.3);
    EXPECT_EQ(found->above_chance, kExperts);
    EXPECT_EQ(found->centroids_b.size(), a.layers[0].centroids.size());
}

// Wrong if the best of many candidates passed for a likeness: unrelated experts are no more alike
// than chance says, the freedom of the rotation included.
TEST(ExpertMatches, UnrelatedOnesAreChance) {
    const auto found = match_experts(made_up_snapshot(1), made_up_snapshot(2), of_two_runs());
    ASSERT_TRUE(found);
    EXPECT_GT(found->cosine.chance, 0.4) << "the best of many is high by itself";
    EXPECT_NEAR(found->cosine.value, found->cosine.chance, 5 * found->cosine.chance_std);
    EXPECT_LE(found->above_chance, 6);
}

// Wrong if in one run an expert's way were measured to another that came near, or the angle were
// another.
TEST(ExpertMatches, InOneRunAnExpertMovesItself) {
    const GeometrySnapshot a = made_up_snapshot(1);
    GeometrySnapshot b = a;
    b.step = 9;
    Rows& rows = b.layers[0].centroids;
    const double angle = 20 * std::numbers::pi / 180;
    // Expert 3 turns by 20 degrees in the plane of itself and a direction at right angles to it.
    Rows side = random_rows(1, 77);
    double along = 0;
    for (size_t k = 0; k < kWidth; ++k)
        along += static_cast<double>(side[k] * rows[3 * kWidth + k]);
    for (size_t k = 0; k < kWidth; ++k) side[k] -= static_cast<float>(along) * rows[3 * kWidth + k];
    normalise(side);
    for (size_t k = 0; k < kWidth; ++k)
        rows[3 * kWidth + k] = static_cast<float>(std::cos(angle)) * rows[3 * kWidth + k] +
                               static_cast<float>(std::sin(angle)) * side[k];
    MatchRequest request = of_two_runs();
    request.run_b = request.run_a;
    const auto found = match_experts(a, b, request);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->one_run);
    EXPECT_EQ(found->request.step_b, 9);
    for (const ExpertMatch& match : found->matches) {
        EXPECT_NEAR(match.moved, match.a == 3 ? 20 : 0, 0.1);
        EXPECT_TRUE(std::isnan(match.jaccard) || match.jaccard == 1 || match.a == 3);
    }
    EXPECT_NEAR(found->moved.value, 0, 0.1) << "the median";
}

// Wrong if runs without a common space had no partners, or cosines that mean nothing.
TEST(ExpertMatches, WithoutASpacePartnersShareTokens) {
    const GeometrySnapshot a = made_up_snapshot(1);
    std::vector<int32_t> number_of;
    GeometrySnapshot b = disguised(a, number_of);
    b.layers[0].centroids.clear();
    const auto found = match_experts(a, b, of_two_runs());
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->by_tokens);
    EXPECT_FALSE(found->no_cosine.empty());
    EXPECT_TRUE(found->centroids_a.empty());
    for (const ExpertMatch& match : found->matches) {
        EXPECT_TRUE(std::isnan(match.cosine));
        if (std::isfinite(match.jaccard)) {
            EXPECT_EQ(match.b, number_of[static_cast<size_t>(match.a)]);
        }
    }
    EXPECT_GT(found->jaccard.value, 0.99);
    EXPECT_LT(found->jaccard.chance, 0.5);
}

// Wrong if rows of two imported models, which have the same coordinates, needed tokens to be
// matched, or were turned before it.
TEST(ExpertMatches, InOneSpacePartnersNeedNoTokens) {
    const GeometrySnapshot a = made_up_snapshot(1);
    GeometrySnapshot b = a;
    b.token_ids = {1, 2, 3};
    b.layers[0].positions.clear();
    std::rotate(b.layers[0].centroids.begin(), b.layers[0].centroids.begin() + kWidth,
                b.layers[0].centroids.end());
    const auto found = match_experts(a, b, of_two_runs(), {}, kWidth);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->one_space);
    EXPECT_FALSE(found->one_run);
    for (const ExpertMatch& match : found->matches) {
        EXPECT_EQ(match.b, (match.a + kExperts - 1) % kExperts);
        EXPECT_NEAR(match.cosine, 1, 1e-5);
        EXPECT_TRUE(std::isnan(match.jaccard)) << "of other tokens";
    }
    EXPECT_LT(found->cosine.chance, 0.9);
    // The wider the models, the less do rows meet by chance, however few numbers tell them.
    const auto wider = match_experts(a, b, of_two_runs(), {}, 100 * kWidth);
    ASSERT_TRUE(wider);
    EXPECT_LT(wider->cosine.chance, 0.3 * found->cosine.chance);
    EXPECT_EQ(wider->above_chance, kExperts);
}

// Wrong if samples that have nothing in common were compared token by token.
TEST(ExpertMatches, RefusalsSayWhatIsMissing) {
    const GeometrySnapshot a = made_up_snapshot(1);
    GeometrySnapshot b = made_up_snapshot(2);
    b.token_ids[7] = 9999;
    const auto other = match_experts(a, b, of_two_runs());
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("other tokens"), std::string::npos);
    MatchRequest request = of_two_runs();
    request.layer = 3;
    const auto layer = match_experts(a, a, request);
    ASSERT_FALSE(layer);
    EXPECT_NE(layer.error().message.find("no layer 3"), std::string::npos);
    Progress progress;
    progress.cancelled = [] { return true; };
    EXPECT_FALSE(match_experts(a, a, of_two_runs(), progress));
}

// Wrong if the same question had two answers.
TEST(ExpertMatches, SeedDecides) {
    const auto one = match_experts(made_up_snapshot(1), made_up_snapshot(2), of_two_runs()),
               two = match_experts(made_up_snapshot(1), made_up_snapshot(2), of_two_runs());
    ASSERT_TRUE(one);
    ASSERT_TRUE(two);
    EXPECT_EQ(one->cosine.chance, two->cosine.chance);
    EXPECT_EQ(one->jaccard.low, two->jaccard.low);
}

}  // namespace
}  // namespace hopscope::core::analysis
