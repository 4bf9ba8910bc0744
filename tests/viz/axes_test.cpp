// Axes of a chosen kind: orthonormal, what they claim to point at, and refusals.
#include "viz/axes.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "tests/viz/made_up_layer.h"
#include "viz/places.h"

namespace hopscope::viz {
namespace {

constexpr int64_t kAxesDim = 7, kAxesExperts = 12, kAxesTokens = 40;

double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

// Axes that are not orthonormal would stretch the picture and count variance twice.
TEST(Axes, AreOrthonormal) {
    const auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const Basis principal = fit_layer(g, 1);
    for (const auto kind :
         {AxesKind::principal, AxesKind::centroids, AxesKind::raw, AxesKind::random}) {
        const Basis b = basis_of({kind, 5, 2, 9}, g, principal);
        ASSERT_TRUE(b.valid()) << name_of(kind);
        for (int i = 0; i < kAxes; ++i)
            for (int j = 0; j <= i; ++j)
                EXPECT_NEAR(dot(b.axis(i), b.axis(j)), i == j ? 1 : 0, 1e-9)
                    << name_of(kind) << i << j;
    }
}

// Wrong if the first coordinate were not the cosine to the first centroid, or the second centroid
// lay outside the plane that is shown.
TEST(Axes, TwoCentroidsSpanThePlane) {
    const auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const Basis b = basis_of({AxesKind::centroids, 5, 2}, g, fit_layer(g, 1));
    const auto at = project(b, g.centroids);
    EXPECT_NEAR(at[5 * 3], 1, 1e-5);
    EXPECT_NEAR(at[5 * 3 + 1], 0, 1e-5);
    EXPECT_NEAR(at[2 * 3 + 2], 0, 1e-5);
    EXPECT_GT(at[2 * 3 + 1], 0);
    double cosine = 0;
    for (size_t j = 0; j < kAxesDim; ++j)
        cosine += double(g.centroids[5 * kAxesDim + j]) * double(g.centroids[9 * kAxesDim + j]);
    EXPECT_NEAR(at[9 * 3], cosine, 1e-5);
}

TEST(Axes, RawShowsTheNumbersThemselves) {
    const auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const Basis b = basis_of({AxesKind::raw, 4, 1}, g, {});
    const auto at = project(b, g.positions);
    for (size_t i = 0; i < kAxesTokens; ++i) {
        EXPECT_EQ(at[3 * i], g.positions[i * kAxesDim + 4]);
        EXPECT_EQ(at[3 * i + 1], g.positions[i * kAxesDim + 1]);
        EXPECT_EQ(at[3 * i + 2], g.positions[i * kAxesDim]);
    }
}

TEST(Axes, RandomOnesFollowTheirSeed) {
    const auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const auto axes = [&](uint64_t seed) {
        return basis_of({AxesKind::random, 0, 1, seed}, g, {}).axes;
    };
    EXPECT_EQ(axes(4), axes(4));
    EXPECT_NE(axes(4), axes(5));
}

// The variance of the principal axes is the most that three axes can have; that of all raw
// dimensions together is all of it.
TEST(Axes, VarianceIsThatOfTheAxesShown) {
    const auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const Basis principal = fit_layer(g, 1);
    const auto best = variance_along(principal, g);
    double all = 0;
    for (int64_t d = 0; d < kAxesDim; ++d)
        all += variance_along(basis_of({AxesKind::raw, d, (d + 1) % kAxesDim}, g, principal), g)[0];
    EXPECT_NEAR(all, 1, 1e-4);
    for (const auto kind : {AxesKind::centroids, AxesKind::raw, AxesKind::random}) {
        const auto share = variance_along(basis_of({kind, 3, 4, 1}, g, principal), g);
        EXPECT_GT(share[0], 0);
        EXPECT_LT(share[0] + share[1], best[0] + best[1]);
    }
}

// Fails if the shares are taken about the origin and not about the mean, or the tokens together
// weigh more or less than the centroids.
TEST(Axes, VarianceIsAboutTheMeanAndHalfOfItTheCentroids) {
    core::LayerGeometry g;
    g.experts = 4;
    g.d_space = 3;
    g.hops = 1;
    // Far from the origin: variances 2, 0.5 and 0 of the centroids; 0, 0 and 1 of the tokens.
    g.centroids = {8, 5, 1, 12, 5, 1, 10, 6, 1, 10, 4, 1};
    g.positions = {10, 5, 0, 10, 5, 2};
    const auto share = variance_along(basis_of({AxesKind::raw, 0, 1}, g, {}), g);
    EXPECT_NEAR(share[0], 2.0 / 3.5, 1e-6);
    EXPECT_NEAR(share[1], 0.5 / 3.5, 1e-6);
    EXPECT_NEAR(share[2], 1.0 / 3.5, 1e-6);
}

TEST(Axes, RefusalsSayWhatIsThere) {
    auto g = made_up_layer(kAxesDim, kAxesExperts, kAxesTokens, 1, 3, 2);
    const auto problem = [&](AxesKind kind, int64_t a, int64_t b) {
        EXPECT_FALSE(basis_of({kind, a, b}, g, fit_layer(g, 1)).valid());
        return axes_problem({kind, a, b}, g);
    };
    EXPECT_NE(problem(AxesKind::centroids, 3, 12).find("no expert 12"), std::string::npos);
    EXPECT_NE(problem(AxesKind::centroids, 3, 12).find("0 to 11"), std::string::npos);
    EXPECT_NE(problem(AxesKind::raw, -1, 2).find("no dimension -1"), std::string::npos);
    EXPECT_NE(problem(AxesKind::raw, 2, 2).find("different"), std::string::npos);
    for (size_t j = 0; j < kAxesDim; ++j) g.centroids[8 * kAxesDim + j] = g.centroids[j];
    EXPECT_NE(problem(AxesKind::centroids, 0, 8).find("same way"), std::string::npos);
    g.centroids.pop_back();
    EXPECT_FALSE(basis_of({AxesKind::random}, g, {}).valid());
}

}  // namespace
}  // namespace hopscope::viz
