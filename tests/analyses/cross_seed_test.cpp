// Experts of two runs held against each other: if these fail, runs are called alike where a search
// among many explains it, or unlike where their experts only stand in another order.
#include "core/analyses/cross_seed.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>
#include <cmath>
#include <gtest/gtest.h>

#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

TEST(MatchedWords, ExpertsInAnotherOrderMatchPerfectly) {
    auto gen = at::detail::createCPUGenerator(9);
    const auto embed = at::randn({300, 24}, gen), up = at::randn({30, 24}, gen);
    const auto words = read_directions(up, embed, 20, kQuiet),
               other = read_directions(up.flip({0}), embed, 20, kQuiet);
    ASSERT_TRUE(words.ok() && other.ok());
    for (const double x : best_jaccard(word_sets(*words, 20), word_sets(*other, 20)))
        EXPECT_EQ(x, 1.0);
    for (const double x : best_cosine(up, up.flip({0}))) EXPECT_NEAR(x, 1.0, 1e-6);
    const auto foreign = read_directions(random_directions(30, 24, 1), embed, 20, kQuiet);
    for (const double x : best_jaccard(word_sets(*words, 20), word_sets(*foreign, 20)))
        EXPECT_LT(x, 1.0);
    EXPECT_EQ(best_jaccard({{1, 2}}, {{2, 3}, {7, 8}}), std::vector<double>{1.0 / 3});
    EXPECT_EQ(best_jaccard({{1, 2}}, {}), std::vector<double>{0.0});
}

TEST(MatchedWords, BestOfManyRandomDirectionsFollowsItsFormula) {
    // sqrt(2 ln 1024 / 1024) = 0.116 is the leading term; the mean of the largest is a little less.
    double mean = 0;
    const auto best = best_cosine(random_directions(64, 1024, 1), random_directions(1024, 1024, 2));
    for (const double x : best) mean += x / 64;
    EXPECT_NEAR(mean, 0.101, 0.004);
    EXPECT_TRUE(random_directions(3, 5, 1).equal(random_directions(3, 5, 1)));
    EXPECT_FALSE(random_directions(3, 5, 1).equal(random_directions(3, 5, 2)));
}

// [def:best_match]: 0.15 beside 0.0003 of one pair, but about 0.028 of the best of 1,024.
TEST(BestMatch, IsReadAgainstTheBestOfAsManyRandomOnes) {
    BestMatch jaccard{"jaccard", 0.15, 0.14, 1024, 0.0003, 0.028};
    EXPECT_FALSE(best_match_warning(jaccard));
    jaccard.value = 0.02;
    jaccard.low = 0.019;
    auto warning = best_match_warning(jaccard);
    ASSERT_TRUE(warning);
    EXPECT_EQ(warning->code, "best_match_is_chance");
    EXPECT_NE(warning->text.find("one random pair, 0.0003, but not above"), std::string::npos)
        << warning->text;
    EXPECT_NE(warning->text.find("1024"), std::string::npos);
    jaccard.value = 0.03;
    jaccard.low = 0.025;
    ASSERT_TRUE(warning = best_match_warning(jaccard));
    EXPECT_NE(warning->text.find("not clearly above"), std::string::npos) << warning->text;
    jaccard.value = 0.0002;
    EXPECT_FALSE(best_match_warning(jaccard)) << "nobody would take it for a likeness";
    // The paper's directions: 0.107 is below sqrt(2 ln 1024) / sqrt(1024).
    BestMatch cosine{"cosine", 0.107, stats::kNaN, 1024, 0, std::sqrt(2 * std::log(1024.0) / 1024)};
    EXPECT_TRUE(best_match_warning(cosine));
    cosine.value = 0.13;
    EXPECT_FALSE(best_match_warning(cosine));
    EXPECT_FALSE(best_match_warning(BestMatch{}));
}

}  // namespace
