// If these fail, scores and activations rise together in the report and not in the sample.
#include "core/measure/score_coupling.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace {

using namespace hopscope::core;

/// A layer of three experts: one rises with its score, one falls, one has too few tokens.
ScoreSample planted_pairs() {
    ScoreSample out;
    out.batches = 2;
    out.top_k = 2;
    out.layers.resize(1);
    auto& p = out.layers[0].pairs;
    const auto add = [&](int32_t expert, float score, float activation, int16_t rank, int i) {
        p.expert.push_back(expert);
        p.rank.push_back(rank);
        p.batch.push_back(static_cast<int16_t>(i % 2));
        p.score.push_back(score);
        p.activation.push_back(activation);
        p.norm.push_back(rank == 0 ? 2.0F : 1.0F);
    };
    for (int i = 0; i < 200; ++i) {
        const float x = static_cast<float>((i * 37) % 200) / 10;
        add(4, x, std::exp(x / 4), static_cast<int16_t>(i % 4 < 2 ? 0 : 1), i);
        add(1, x, -x * x, static_cast<int16_t>(i % 4 < 2 ? 0 : 1), i);
        if (i < 100) add(2, x, x, 0, i);
    }
    return out;
}

TEST(ScoreCoupling, MonotoneExpertsHaveRhoOneOrMinusOne) {
    const auto found = score_coupling(planted_pairs());
    ASSERT_EQ(found.experts.size(), 2u) << "100 tokens are too few";
    EXPECT_EQ(found.experts[0].expert, 1);
    EXPECT_NEAR(found.experts[0].rho, -1, 1e-12);
    EXPECT_EQ(found.experts[1].expert, 4);
    EXPECT_NEAR(found.experts[1].rho, 1, 1e-12);
    EXPECT_EQ(found.experts[1].n, 200);
    EXPECT_EQ(found.pairs, 400);
    // Norms are 2 at the first rank and 1 at the second, equally often: ± 1 standard deviation.
    ASSERT_EQ(found.ranks.size(), 2u);
    EXPECT_NEAR(found.ranks[0].norm.mean(), 1, 0.01);
    EXPECT_NEAR(found.ranks[1].norm.mean(), -1, 0.01);
}

TEST(ScoreCoupling, DecilesRiseWithTheScore) {
    auto sample = planted_pairs();
    auto& p = sample.layers[0].pairs;
    for (size_t i = 0; i < p.size(); ++i) p.activation[i] = 3 * p.score[i] - 1;
    const auto found = score_coupling(sample);
    ASSERT_EQ(found.deciles.size(), 10u);
    for (size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(found.deciles[i].n, 40);
        EXPECT_NEAR(found.deciles[i].median, found.deciles[i].score, 0.02);
        EXPECT_LT(found.deciles[i].low, found.deciles[i].high);
        // Evenly spread scores: the quartiles lie as far from the median on either side.
        const double below = found.deciles[i].median - found.deciles[i].low,
                     above = found.deciles[i].high - found.deciles[i].median;
        EXPECT_GT(below, 0.01);
        EXPECT_NEAR(below, above, 0.01);
    }
}

/// Pairs of one expert: scores 0, 1, 2, …, and what it then does.
void add(RoutedPairs& pairs, int32_t expert, const std::vector<float>& activations) {
    for (size_t i = 0; i < activations.size(); ++i) {
        pairs.expert.push_back(expert);
        pairs.rank.push_back(0);
        pairs.batch.push_back(0);
        pairs.score.push_back(static_cast<float>(i));
        pairs.activation.push_back(activations[i]);
        pairs.norm.push_back(0);
    }
}

// Fails if an expert of just enough pairs is left out, or one of one less is looked at.
TEST(ScoreCoupling, AnExpertOfJustEnoughPairsIsLookedAt) {
    ScoreSample sample;
    sample.top_k = 1;
    sample.batches = 1;
    sample.layers.resize(2);
    std::vector<float> rising(kLeastPairs);
    std::iota(rising.begin(), rising.end(), 0.0F);
    add(sample.layers[1].pairs, 5, rising);
    rising.pop_back();
    add(sample.layers[1].pairs, 3, rising);
    const auto found = score_coupling(sample);
    ASSERT_EQ(found.experts.size(), 1u);
    EXPECT_EQ(found.experts[0].layer, 1);
    EXPECT_EQ(found.experts[0].expert, 5);
    EXPECT_EQ(found.experts[0].n, kLeastPairs);
    EXPECT_EQ(found.pairs, kLeastPairs);
}

TEST(LiveSpearman, IsTheMedianOverExpertsWithEnoughPairs) {
    ScoreSample sample;
    sample.top_k = 1;
    sample.batches = 1;
    sample.layers.resize(2);
    auto& pairs = sample.layers[0].pairs;
    add(pairs, 4, {1, 2, 4, 8, 16, 32, 64, 128});  // 1
    add(pairs, 0, {8, 7, 6, 5, 4, 3, 2, 1, 0});    // −1
    add(pairs, 2, {1, 0, 3, 2, 5, 4, 7, 6});       // 1 − 6 · 8 / (8 · 63)
    add(pairs, 3, {7, 6, 5, 4, 3, 2, 1});          // too few
    add(pairs, 1, {5, 5, 5, 5, 5, 5, 5, 5});       // no order
    const auto found = live_spearman(sample);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_NEAR(found[0], 1 - 6.0 * 8 / (8 * 63), 1e-12);
    EXPECT_TRUE(std::isnan(found[1]));
}

}  // namespace
