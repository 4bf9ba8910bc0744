// The largest cosine of random directions, against directions that are drawn.
#include "viz/random_cosine.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "viz/similarity.h"

namespace hopscope::viz {
namespace {

/// Largest cosine of each of some draws, rising.
std::vector<double> drawn(size_t rows, int64_t width, size_t draws) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    std::vector<double> out;
    for (size_t i = 0; i < draws; ++i) {
        std::vector<float> directions(rows * static_cast<size_t>(width));
        for (float& v : directions) v = normal(random);
        out.push_back(static_cast<double>(closest_pairs(directions, width, 1).front().cosine));
    }
    std::sort(out.begin(), out.end());
    return out;
}

// Wrong if chance were too low, so that every router looked collinear, or too high: the share of
// draws below each bound is what the bound is the quantile of, whatever the width.
TEST(RandomCosine, AgreesWithDraws) {
    constexpr size_t kDraws = 800;
    for (const auto& [rows, width] :
         {std::pair<size_t, int64_t>{20, 2}, {30, 3}, {60, 16}, {100, 64}}) {
        const LargestCosine chance = largest_random_cosine(static_cast<int64_t>(rows), width);
        const auto found = drawn(rows, width, kDraws);
        const auto share_below = [&](double bound) {
            return static_cast<double>(std::lower_bound(found.begin(), found.end(), bound) -
                                       found.begin()) /
                   static_cast<double>(kDraws);
        };
        // Four standard errors of a share of 800 draws, and what the law leaves out.
        EXPECT_NEAR(share_below(chance.median), 0.5, 0.075) << rows << " × " << width;
        EXPECT_NEAR(share_below(chance.low), 0.025, 0.025) << rows << " × " << width;
        EXPECT_NEAR(share_below(chance.high), 0.975, 0.025) << rows << " × " << width;
    }
}

// Wrong if more directions, or fewer dimensions, did not bring the closest pair closer.
TEST(RandomCosine, GrowsWithRowsAndFallsWithWidth) {
    EXPECT_GT(largest_random_cosine(1024, 64).median, largest_random_cosine(64, 64).median);
    EXPECT_GT(largest_random_cosine(64, 8).median, largest_random_cosine(64, 512).median);
    const LargestCosine c = largest_random_cosine(1024, 64);
    EXPECT_LT(c.low, c.median);
    EXPECT_LT(c.median, c.high);
    EXPECT_LT(c.high, 1);
}

// Wrong if there were a chance of a pair where there is none.
TEST(RandomCosine, Edges) {
    EXPECT_TRUE(std::isnan(largest_random_cosine(1, 8).median));
    EXPECT_TRUE(std::isnan(largest_random_cosine(8, 0).median));
    EXPECT_EQ(largest_random_cosine(3, 1).low, 1) << "two of three point the same way on a line";
}

}  // namespace
}  // namespace hopscope::viz
