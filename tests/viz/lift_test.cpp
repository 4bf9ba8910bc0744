// A move in the picture and the same move in the whole space.
#include "viz/lift.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/viz/made_up_layer.h"
#include "viz/axes.h"

namespace hopscope::viz {
namespace {

constexpr int64_t kLiftDim = 6, kLiftExperts = 7, kLiftTokens = 60;

std::span<const float> centroid(const core::LayerGeometry& g, size_t e) {
    return std::span(g.centroids).subspan(e * kLiftDim, kLiftDim);
}

// Wrong if the lifted centroid did not lie where it was dropped in the picture, but for the length
// that the sphere takes, or if it lost what the picture does not show.
TEST(Lift, PutsTheCentroidWhereItWasDropped) {
    const auto g = made_up_layer(kLiftDim, kLiftExperts, kLiftTokens, 2, 5);
    const Basis basis = basis_of({AxesKind::raw, 1, 4}, g, {});
    const auto from = centroid(g, 2);
    const auto to = lifted(basis, from, {0.3f, -0.2f, 0});
    float squares = 0;
    for (const float v : to) squares += v * v;
    EXPECT_NEAR(squares, 1, 1e-5);
    const float scale = to[5] / from[5];
    EXPECT_NEAR(to[1], (from[1] + 0.3f) * scale, 1e-5);
    EXPECT_NEAR(to[4], (from[4] - 0.2f) * scale, 1e-5);
    EXPECT_NEAR(to[0], from[0] * scale, 1e-5);
    const auto same = lifted(basis, from, {});
    for (size_t j = 0; j < kLiftDim; ++j) EXPECT_NEAR(same[j], from[j], 1e-6);
    EXPECT_EQ(lifted({}, from, {1, 0, 0}), std::vector<float>(from.begin(), from.end()));
}

TEST(Lift, RandomMovesAreAsLongAsAsked) {
    const auto g = made_up_layer(kLiftDim, kLiftExperts, kLiftTokens, 2, 5);
    std::mt19937_64 bits(1);
    const auto one = random_move(centroid(g, 0), 25, bits);
    const auto other = random_move(centroid(g, 0), 25, bits);
    EXPECT_NEAR(degrees_between(one, centroid(g, 0)), 25, 1e-2);
    EXPECT_NEAR(degrees_between(other, centroid(g, 0)), 25, 1e-2);
    EXPECT_GT(degrees_between(one, other), 1);
    EXPECT_TRUE(std::isnan(degrees_between(one, std::vector<float>(kLiftDim, 0.0f))));
}

// Counted from the two nearest alone, it must be what counting anew gives.
TEST(Lift, CountsWhatANewSearchWouldFind) {
    const auto g = made_up_layer(kLiftDim, kLiftExperts, kLiftTokens, 2, 5);
    const NearestTwo before = nearest_two(g);
    ASSERT_EQ(before.expert.size(), static_cast<size_t>(2 * kLiftTokens));
    std::mt19937_64 bits(2);
    int64_t most = 0;
    for (int64_t e = 0; e < kLiftExperts; ++e)
        for (const float degrees : {5.0f, 40.0f, 120.0f}) {
            const auto to = random_move(centroid(g, static_cast<size_t>(e)), degrees, bits);
            auto moved = g;
            std::copy(to.begin(), to.end(), moved.centroids.begin() + e * kLiftDim);
            const NearestTwo after = nearest_two(moved);
            int64_t changed = 0;
            for (size_t i = 0; i < after.expert.size(); ++i)
                changed += after.expert[i] != before.expert[i];
            EXPECT_EQ(changed_by_move(g, before, e, to), changed) << e << " " << degrees;
            most = std::max(most, changed);
        }
    EXPECT_GT(most, 0);
    EXPECT_EQ(changed_by_move(g, before, 0, std::vector<float>{1}), 0);
    EXPECT_TRUE(nearest_two({}).expert.empty());
}

}  // namespace
}  // namespace hopscope::viz
