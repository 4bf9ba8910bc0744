// Each rule of the table by cases that are worked out by hand; ties, and numbers that are none.
#include "core/imported/routing_rule.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::core {
namespace {

using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

RuleSettings settings(RoutingRule rule, int64_t k) {
    RuleSettings s;
    s.rule = rule;
    s.top_k = k;
    return s;
}

RoutedTokens routed(const RuleSettings& s, const Floats& z, const Floats& correction = {}) {
    const auto experts = static_cast<int64_t>(z.size());
    EXPECT_TRUE(check_rule(s, experts)) << check_rule(s, experts).error().message;
    return apply_rule(s, z, correction, experts);
}

void expect_near(const Floats& found, const std::vector<double>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

float logarithm(double p) {
    return static_cast<float>(std::log(p));
}

float logit(double s) {
    return static_cast<float>(std::log(s / (1 - s)));
}

// p = 0.1, 0.4, 0.3, 0.2: whatever is added to all logits, softmax makes these of them.
const Floats kQuarter = {logarithm(0.1) + 5, logarithm(0.4) + 5, logarithm(0.3) + 5,
                         logarithm(0.2) + 5};

TEST(RoutingRule, SoftmaxTopKKeepsOrDividesItsProbabilities) {
    auto s = settings(RoutingRule::softmax_top_k, 2);
    EXPECT_EQ(routed(s, kQuarter).experts, (Ids{1, 2}));
    expect_near(routed(s, kQuarter).weights, {0.4, 0.3});
    s.normalise = true;
    expect_near(routed(s, kQuarter).weights, {0.4 / 0.7, 0.3 / 0.7});
}

TEST(RoutingRule, SeveralTokensAreRoutedEachByItself) {
    const auto found =
        apply_rule(settings(RoutingRule::softmax_top_k, 1), Floats{0, 1, 2, 2, 1, 0}, {}, 3);
    EXPECT_EQ(found.experts, (Ids{2, 0}));
}

TEST(RoutingRule, GroupedSoftmaxTakesTheGroupsOfTheLargestProbability) {
    auto s = settings(RoutingRule::grouped_softmax, 2);
    s.scale = 16;
    // Greedy: one group. The two largest, not divided, times the scale.
    const Floats z = {logarithm(0.05), logarithm(0.35), logarithm(0.3), logarithm(0.3)};
    EXPECT_EQ(routed(s, z).experts, (Ids{1, 2}));
    expect_near(routed(s, z).weights, {16 * 0.35, 16 * 0.3});
    // Two groups, one kept: that of 0.35, whose other expert is small, though 0.3 stands twice in
    // the other.
    s.groups = 2;
    s.kept_groups = 1;
    EXPECT_EQ(routed(s, z).experts, (Ids{1, 0}));
    expect_near(routed(s, z).weights, {16 * 0.35, 16 * 0.05});
}

TEST(RoutingRule, GroupedSigmoidRatesGroupsByTheirTwoLargest) {
    auto s = settings(RoutingRule::grouped_sigmoid, 2);
    s.groups = 2;
    s.kept_groups = 1;
    // Group 0 has the largest score, group 1 the largest sum of two: 0.9 + 0.1 < 0.6 + 0.5.
    const Floats z = {logit(0.9), logit(0.1), logit(0.05), logit(0.6), logit(0.5), logit(0.2)};
    const Floats none(6, 0.0f);
    EXPECT_EQ(routed(s, z, none).experts, (Ids{3, 4}));
    expect_near(routed(s, z, none).weights, {0.6, 0.5});
    s.normalise = true;
    s.scale = 2.5f;
    expect_near(routed(s, z, none).weights, {2.5 * 0.6 / 1.1, 2.5 * 0.5 / 1.1});
}

TEST(RoutingRule, GroupedSigmoidCorrectsTheChoiceAndNotTheWeight) {
    const auto s = settings(RoutingRule::grouped_sigmoid, 2);
    const Floats z = {logit(0.9), logit(0.8), logit(0.3), logit(0.2)};
    const auto found = routed(s, z, {-1, 0, 0, 2});
    EXPECT_EQ(found.experts, (Ids{1, 3}));  // by weight: 3 was chosen first
    expect_near(found.weights, {0.8, 0.2});
}

TEST(RoutingRule, TopKSoftmaxSharesAmongTheChosenAlone) {
    const auto s = settings(RoutingRule::top_k_softmax, 2);
    EXPECT_EQ(routed(s, kQuarter).experts, (Ids{1, 2}));
    expect_near(routed(s, kQuarter).weights, {0.4 / 0.7, 0.3 / 0.7});
}

TEST(RoutingRule, SparseMixerDropsWhatIsFarBelow) {
    auto s = settings(RoutingRule::sparse_mixer, 2);
    s.jitter = 0.05f;
    // First: m = 10; (10 − 9.5) / 10 = 0.05 and (10 − 9.2) / 10 = 0.08 are within 0.1, 0.2 of 8 is
    // not. Second: m = 9.5 of z without 10; 10 is out since chosen, (9.5 − 9.2) / 9.5 is within,
    // (9.5 − 8) / 9.5 is not.
    const auto found = routed(s, {9.2f, 10, 8, 9.5f});
    const double first = 1 / (1 + std::exp(-0.5) + std::exp(-0.8)),
                 second = 1 / (1 + std::exp(-0.3));
    // The second's weight is the larger here; they do not sum to 1.
    EXPECT_EQ(found.experts, (Ids{3, 1}));
    expect_near(found.weights, {second, first});
}

TEST(RoutingRule, SparseMixerMeasuresByTheLargerOfLogitAndMaximum) {
    auto s = settings(RoutingRule::sparse_mixer, 2);
    s.jitter = 0.6f;
    // m = 1: (1 + 4) / max(4, 1) = 1.25 > 1.2 drops −4, (1 + 0.5) / max(0.5, 1) = 1.5 drops −0.5.
    // Second: m = −0.5: (−0.5 + 4) / 4 = 0.875 keeps −4.
    const auto found = routed(s, {1, -4, -0.5f});
    EXPECT_EQ(found.experts, (Ids{0, 2}));
    expect_near(found.weights, {1, 1 / (1 + std::exp(-3.5))});
}

TEST(RoutingRule, SparseMixerOfEqualLogitsKeepsThemAll) {
    // 0 / 0 is no number and drops nothing.
    const auto found = routed(settings(RoutingRule::sparse_mixer, 2), {0, 0, 0, 0});
    EXPECT_EQ(found.experts, (Ids{1, 0}));
    expect_near(found.weights, {1.0 / 3, 1.0 / 4});
}

TEST(RoutingRule, CorrectedSigmoidDividesByItsSum) {
    const auto s = settings(RoutingRule::corrected_sigmoid, 2);
    const auto found = routed(s, {logit(0.9), logit(0.6), logit(0.2)}, {-0.5f, 0, 0.45f});
    EXPECT_EQ(found.experts, (Ids{1, 2}));  // 0.4, 0.6, 0.65
    expect_near(found.weights, {0.6 / 0.8, 0.2 / 0.8});
}

TEST(RoutingRule, CorrectedSoftmaxDividesByNoLessThanItsLeastSum) {
    auto s = settings(RoutingRule::corrected_softmax, 2);
    const Floats correction = {1, 0, 0, 1};
    EXPECT_EQ(routed(s, kQuarter, correction).experts, (Ids{3, 0}));
    expect_near(routed(s, kQuarter, correction).weights, {0.2 / 0.3, 0.1 / 0.3});
    s.least_sum = 0.6f;
    expect_near(routed(s, kQuarter, correction).weights, {0.2 / 0.6, 0.1 / 0.6});
}

TEST(RoutingRule, TopKSigmoidGatesEachByItself) {
    const auto found =
        routed(settings(RoutingRule::top_k_sigmoid, 2), {logit(0.2), logit(0.9), logit(0.8)});
    EXPECT_EQ(found.experts, (Ids{1, 2}));
    expect_near(found.weights, {0.9, 0.8});
}

TEST(RoutingRule, TiesGoToTheLowestIndex) {
    for (const RoutingRule rule :
         {RoutingRule::softmax_top_k, RoutingRule::grouped_softmax, RoutingRule::grouped_sigmoid,
          RoutingRule::top_k_softmax, RoutingRule::corrected_sigmoid,
          RoutingRule::corrected_softmax, RoutingRule::top_k_sigmoid}) {
        const auto found = routed(settings(rule, 2), {1, 3, 3, 3}, {0, 0, 0, 0});
        EXPECT_EQ(found.experts, (Ids{1, 2})) << word(rule);
        EXPECT_EQ(found.weights[0], found.weights[1]) << word(rule);
    }
    // Of equal groups the first.
    auto s = settings(RoutingRule::grouped_sigmoid, 1);
    s.groups = 2;
    s.kept_groups = 1;
    EXPECT_EQ(routed(s, {1, 2, 2, 1}, {0, 0, 0, 0}).experts, (Ids{1}));
}

TEST(RoutingRule, LargeLogitsOverflowNothing) {
    for (const RoutingRule rule :
         {RoutingRule::softmax_top_k, RoutingRule::top_k_softmax, RoutingRule::top_k_sigmoid,
          RoutingRule::grouped_sigmoid, RoutingRule::sparse_mixer}) {
        const auto found = routed(settings(rule, 2), {3e38f, -3e38f, 2.9e38f}, {0, 0, 0});
        EXPECT_FALSE(first_not_finite(found.weights)) << word(rule);
        EXPECT_EQ(std::count(found.experts.begin(), found.experts.end(), 0), 1) << word(rule);
    }
}

TEST(RoutingRule, AllChosenAtZeroGiveNoWeightAndDoNotHang) {
    // Sigmoids that underflow: 0 / 0, as the library computes it; who asked is told.
    const auto found =
        routed(settings(RoutingRule::corrected_sigmoid, 2), {-1e30f, -1e30f, -1e30f}, {0, 0, 0});
    EXPECT_TRUE(first_not_finite(found.weights));
    EXPECT_EQ(found.experts, (Ids{0, 1}));
}

TEST(RoutingRule, WhatCannotBeIsRefused) {
    const auto refusal = [](RuleSettings s, int64_t experts) {
        const auto status = check_rule(s, experts);
        return status ? std::string() : status.error().message;
    };
    EXPECT_NE(refusal(settings(RoutingRule::unknown, 2), 8), "");
    EXPECT_NE(refusal(settings(RoutingRule::softmax_top_k, 0), 8), "");
    EXPECT_NE(refusal(settings(RoutingRule::softmax_top_k, 9), 8), "");
    EXPECT_EQ(refusal(settings(RoutingRule::softmax_top_k, 8), 8), "");
    EXPECT_NE(refusal(settings(RoutingRule::sparse_mixer, 3), 8), "");
    auto s = settings(RoutingRule::grouped_sigmoid, 4);
    s.groups = 3;
    EXPECT_NE(refusal(s, 8), "");
    s.groups = 4;
    s.kept_groups = 5;
    EXPECT_NE(refusal(s, 8), "");
    s.kept_groups = 1;  // two experts are left for four places
    EXPECT_NE(refusal(s, 8), "");
    s.kept_groups = 2;
    EXPECT_EQ(refusal(s, 8), "");
}

TEST(RoutingRule, LogitsAreRowsTimesInputPlusBias) {
    const Floats rows = {1, 2, 0, -1, 0.5f, 0.5f}, input = {1, 1, 2, 0};
    EXPECT_EQ(router_logits(rows, {}, input, 3), (Floats{3, -1, 1, 2, 0, 1}));
    EXPECT_EQ(router_logits(rows, Floats{10, 20, 30}, input, 3), (Floats{13, 19, 31, 12, 20, 31}));
}

TEST(RoutingRule, ConfidenceIsOfTheFullSoftmax) {
    const auto found = confidence_of(Floats{0, 0, 0, 0, 800, 0, 0, 0}, 4);
    expect_near(found.entropy, {std::log(4.0), 0});
    expect_near(found.max_prob, {0.25, 1});
}

TEST(RoutingRule, TheFirstThatIsNotFiniteIsFound) {
    EXPECT_FALSE(first_not_finite(Floats{1, 2}));
    EXPECT_EQ(first_not_finite(Floats{1, NAN, INFINITY}), 1u);
    EXPECT_EQ(first_not_finite(Floats{-std::numeric_limits<float>::infinity()}), 0u);
}

}  // namespace
}  // namespace hopscope::core
