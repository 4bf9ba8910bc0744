// What changes between two snapshots, by hand: if this fails, `drift` and `jaccard` compare other
// tokens, hops or experts than they say.
#include "core/analyses/snapshot_change.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

TEST(SnapshotChange, AnglesAndChoices) {
    GeometrySnapshot a;
    a.token_ids = {7, 8};
    LayerGeometry g;
    g.experts = 2;
    g.d_space = 2;
    g.hops = 1;
    g.top_k = 2;
    g.centroids = {1, 0, 0, 1};
    g.choices = {0, 1, 2, 3};
    a.layers = {g};
    auto b = a;
    const float turn = 10.0F * std::numbers::pi_v<float> / 180;
    // The first centroid turns by 10 degrees and is stored longer, the second stays.
    b.layers[0].centroids = {2 * std::cos(turn), 2 * std::sin(turn), 0, 1};
    b.layers[0].choices = {1, 0, 3, 5};  // the same set; one of two
    const auto same = snapshot_change(a, a);
    EXPECT_NEAR(stats::mean(same[0].angles), 0, 1e-9);
    EXPECT_EQ(stats::mean(same[0].changed), 0);
    EXPECT_EQ(stats::mean(same[0].jaccard), 1);
    const auto moved = snapshot_change(a, b);
    EXPECT_NEAR(stats::mean(moved[0].angles), 5, 1e-4);
    ASSERT_EQ(moved[0].angles.size(), 2u) << "an interval over experts needs each of them";
    EXPECT_NEAR(moved[0].angles[0], 10, 1e-4);
    EXPECT_NEAR(stats::mean(moved[0].changed), 0.25, 1e-12);
    EXPECT_EQ(moved[0].changed, (std::vector<double>{0, 0.5})) << "token by token";
    EXPECT_NEAR(stats::mean(moved[0].jaccard), (1 + 1.0 / 3) / 2, 1e-12);
    b.token_ids = {7, 9};
    EXPECT_TRUE(std::isnan(stats::mean(snapshot_change(a, b)[0].changed)));
    b.layers[0].centroids.clear();
    EXPECT_TRUE(std::isnan(stats::mean(snapshot_change(a, b)[0].angles)));
}

}  // namespace
}  // namespace hopscope::core::analysis
