// Regions of a plane against the nearest centroid found one point at a time.
#include "viz/regions.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "tests/viz/made_up_layer.h"
#include "viz/axes.h"

namespace hopscope::viz {
namespace {

constexpr int64_t kPlaneDim = 5, kPlaneExperts = 9;
constexpr int kSide = 24;

/// Rows of different lengths, which regions must not depend on.
core::LayerGeometry long_and_short_rows() {
    core::LayerGeometry g = made_up_layer(kPlaneDim, kPlaneExperts, 0, 0, 11);
    for (size_t i = 0; i < g.centroids.size(); ++i)
        g.centroids[i] *= 1.0f + static_cast<float>(i / kPlaneDim);
    return g;
}

/// The point of the plane through the mean of the unit centroids with those coordinates.
std::vector<double> point(const core::LayerGeometry& g, const Basis& b, double x, double y) {
    std::vector<double> mean(kPlaneDim, 0);
    for (size_t e = 0; e < kPlaneExperts; ++e) {
        double length = 0;
        for (size_t j = 0; j < kPlaneDim; ++j)
            length += std::pow(g.centroids[e * kPlaneDim + j], 2);
        for (size_t j = 0; j < kPlaneDim; ++j)
            mean[j] +=
                double(g.centroids[e * kPlaneDim + j]) / std::sqrt(length) / double(kPlaneExperts);
    }
    double at[2] = {x, y};
    for (int i = 0; i < 2; ++i) {
        double now = 0;
        for (size_t j = 0; j < kPlaneDim; ++j) now += (mean[j] - b.mean[j]) * b.axis(i)[j];
        for (size_t j = 0; j < kPlaneDim; ++j) mean[j] += (at[i] - now) * b.axis(i)[j];
    }
    return mean;
}

TEST(Regions, AreThoseOfTheNearestByCosine) {
    const auto g = long_and_short_rows();
    Basis fitted = fit_pca(g.centroids, kPlaneDim);
    for (const Basis& basis : {fitted, basis_of({AxesKind::centroids, 2, 6}, g, fitted)}) {
        const auto regions = plane_regions(basis, g.centroids, {-1, -1}, {1, 1}, kSide);
        ASSERT_EQ(regions.nearest.size(), size_t{kSide * kSide});
        for (int r = 0; r < kSide; ++r)
            for (int c = 0; c < kSide; ++c) {
                const auto p =
                    point(g, basis, -1 + (c + 0.5) * 2 / kSide, 1 - (r + 0.5) * 2 / kSide);
                double length = 0;
                for (const double v : p) length += v * v;
                std::vector<std::pair<double, int32_t>> cosines;
                for (size_t e = 0; e < kPlaneExperts; ++e) {
                    double dot = 0, own = 0;
                    for (size_t j = 0; j < kPlaneDim; ++j) {
                        dot += p[j] * double(g.centroids[e * kPlaneDim + j]);
                        own += std::pow(g.centroids[e * kPlaneDim + j], 2);
                    }
                    cosines.push_back({dot / std::sqrt(own * length), static_cast<int32_t>(e)});
                }
                std::sort(cosines.rbegin(), cosines.rend());
                const auto i = static_cast<size_t>(r * kSide + c);
                const double margin = cosines[0].first - cosines[1].first;
                EXPECT_NEAR(regions.margin[i], margin, 1e-4);
                if (margin > 1e-4) {
                    EXPECT_EQ(regions.nearest[i], cosines[0].second) << r << " " << c;
                }
            }
    }
}

TEST(Regions, SurviveWhatIsNone) {
    auto g = long_and_short_rows();
    const Basis basis = fit_pca(g.centroids, kPlaneDim);
    for (size_t j = 0; j < kPlaneDim; ++j) g.centroids[j] = core::kNaN;
    for (const int32_t e : plane_regions(basis, g.centroids, {-1, -1}, {1, 1}, 8).nearest)
        EXPECT_GT(e, 0);
    for (const int32_t e : plane_regions(basis, {}, {-1, -1}, {1, 1}, 8).nearest) EXPECT_EQ(e, -1);
    EXPECT_EQ(plane_regions({}, g.centroids, {-1, -1}, {1, 1}, 8).side, 0);
    EXPECT_EQ(plane_regions(basis, g.centroids, {1, -1}, {1, 1}, 8).side, 0);
    EXPECT_TRUE(region_raster({}, {}, 1).pixels.empty());
}

// Wrong if the picture spilled out of the circle, or a border did not stand out.
TEST(Regions, PicturesShowBordersInsideTheCircle) {
    PlaneRegions two;
    two.side = 4;
    for (int i = 0; i < 16; ++i) {
        two.nearest.push_back(i % 4 < 2 ? 0 : 1);
        two.margin.push_back(i % 4 == 1 || i % 4 == 2 ? 0.0f : 0.5f);
    }
    const Rgb colors[] = {{1, 0, 0}, {0, 0, 1}};
    const Raster regions = region_raster(two, colors, 0.2f);
    EXPECT_EQ(regions.pixels[0], 0u) << "the corner lies outside";
    EXPECT_EQ(regions.pixels[4], packed(colors[0], 0.2f));
    EXPECT_EQ(regions.pixels[5], packed(colors[0], 0.7f));
    EXPECT_EQ(regions.pixels[6], packed(colors[1], 0.2f));
    const Raster margins = margin_raster(two, 0x102030, 0.5f);
    EXPECT_EQ(margins.pixels[5] >> 24, 128u);
    EXPECT_EQ(margins.pixels[4] >> 24, 0u);
}

}  // namespace
}  // namespace hopscope::viz
