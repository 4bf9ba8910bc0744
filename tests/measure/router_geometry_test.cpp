// If these fail, the geometry of router rows, or of what experts read and write, is told wrongly.
#include "core/measure/router_geometry.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "core/measure/coupling.h"
#include "core/measure/model_space.h"
#include "core/measure/row_blocks.h"
#include "core/probe/plan.h"
#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(Collinearity, OfOrthogonalAndOfEqualRows) {
    LayerWeights w;
    w.centroids = at::eye(4);
    const auto apart = collinearity(w);
    EXPECT_EQ(apart.n, 4);
    EXPECT_NEAR(apart.mean_cosine, 0, 1e-12);
    EXPECT_NEAR(apart.effective_rank, 4, 1e-9);
    EXPECT_NEAR(apart.nearest_angle, 90, 1e-9);
    w.centroids = at::ones({4, 4});
    const auto same = collinearity(w);
    EXPECT_NEAR(same.mean_cosine, 1, 1e-6);
    EXPECT_NEAR(same.effective_rank, 1, 1e-6);
    EXPECT_NEAR(same.coherence, 1, 1e-6);
    EXPECT_EQ(collinearity(LayerWeights()).n, 0);
    EXPECT_TRUE(std::isnan(collinearity(LayerWeights()).mean_cosine));
}

TEST(Collinearity, OfOneRowIsNotZero) {
    // Wrong if a pair that does not exist is told as two rows at right angles.
    LayerWeights w;
    w.centroids = at::ones({1, 4});
    const auto alone = collinearity(w);
    EXPECT_EQ(alone.n, 1);
    for (const double x : {alone.mean_cosine, alone.nearest_cosine, alone.coherence,
                           alone.mean_squared, alone.nearest_angle})
        EXPECT_TRUE(std::isnan(x)) << x;
    EXPECT_NEAR(alone.effective_rank, 1, 1e-9);
    EXPECT_EQ(alone.random_squared, 0.25);
    const auto live = live_geometry(tiny(), w, 0);
    EXPECT_TRUE(std::isnan(live.collinearity));
    EXPECT_TRUE(std::isnan(live.nearest_cosine));
}

TEST(Collinearity, OfMoreRowsThanFitIntoABlock) {
    // Wrong if a block is lost, counted twice, or compares its rows with themselves.
    const int64_t half = 2'500, n = 2 * half;
    ASSERT_GT(n * n, kBlockEntries);
    LayerWeights w;
    w.centroids = at::eye(2).repeat({half, 1});
    w.centroids.select(0, n - 1).fill_(1);  // the last row lies between the two directions
    const double odd = std::sqrt(0.5), same = static_cast<double>(half * (half - 1)) +
                                              static_cast<double>((half - 1) * (half - 2));
    const double mean =
        (same + 2.0 * static_cast<double>(n - 1) * odd) / static_cast<double>(n * (n - 1));
    const double nearest = (static_cast<double>(n - 1) + odd) / static_cast<double>(n);
    const auto all = collinearity(w);
    EXPECT_NEAR(all.mean_cosine, mean, 1e-9);
    EXPECT_NEAR(all.nearest_cosine, nearest, 1e-9);
    const auto live = live_geometry(tiny(), w, 0);
    EXPECT_NEAR(live.collinearity, mean, 1e-5);
    EXPECT_NEAR(live.nearest_cosine, nearest, 1e-5);
}

TEST(Collinearity, OfRowsInModelSpace) {
    // A projection that folds two opposite directions of the routing space onto one.
    auto c = tiny();
    c.moe.experts = 2;
    LayerWeights w;
    w.centroids = at::eye(2);
    w.proj = at::zeros({2, 8});
    w.proj.select(1, 3).fill_(1);
    const auto parts = in_model_space(c, w, 0, router_rows(w));
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_EQ(parts[0].hop, -1);
    EXPECT_NEAR(collinearity(w).mean_cosine, 0, 1e-6);
    EXPECT_NEAR(collinearity_of(parts[0].rows).mean_cosine, 1, 1e-6);
}

TEST(Identity, IsTheCosineOfWhatIsReadAndWritten) {
    const auto c = tiny();
    auto w = init_weights(c, 3);
    w.layers[0].up.copy_(w.layers[0].down * 2);
    w.layers[1].up.copy_(-w.layers[1].down);
    const auto cosines = read_write_cosines(w);
    ASSERT_EQ(cosines.size(), 12u);
    EXPECT_NEAR(cosines[0], 1, 1e-6);
    EXPECT_NEAR(cosines[11], -1, 1e-6);
}

}  // namespace
