// Router-expert geometry against planted weights: if these fail, `coupling` does not measure what
// [def:coupling] defines.
#include "core/measure/coupling.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "core/measure/router_geometry.h"
#include "core/stats/descriptive.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

constexpr double kNear = 1e-5;

TEST(Alignment, SpecificityIsWhatWasPlanted) {
    // Rows e_i; expert i reads cos·e_i + sin·(the other directions evenly).
    constexpr int64_t kExperts = 6, kWidth = 8;
    const double matched = 0.7, rest = 1 - matched;
    LayerWeights w;
    w.linear = at::eye(kExperts, kWidth) * 3.0;
    w.down = at::zeros({kExperts, 1, kWidth});
    for (int64_t i = 0; i < kExperts; ++i)
        for (int64_t j = 0; j < kExperts; ++j)
            w.down[i][0][j] = 5 * std::sqrt(i == j ? matched : rest / (kExperts - 1));
    w.up = at::eye(kExperts, kWidth).unsqueeze(1).roll(1, 0).contiguous();
    auto c = linear_model();
    const auto found = alignments(c, w, 0);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].matrix, "down");
    EXPECT_EQ(found[0].hop, -1);
    EXPECT_EQ(found[0].k, 1);
    EXPECT_NEAR(found[0].baseline, 1.0 / 8, 1e-12);
    for (int64_t i = 0; i < kExperts; ++i) {
        const auto e = static_cast<size_t>(i);
        EXPECT_NEAR(found[0].matched[e], matched, kNear);
        EXPECT_NEAR(found[0].mismatched[e], rest / 5, kNear);
        EXPECT_NEAR(found[0].cosine[e], std::sqrt(matched), kNear);
        EXPECT_NEAR(found[0].cosine_mismatched[e], std::sqrt(rest / 5), kNear);
        EXPECT_NEAR(found[0].energy[e], matched, kNear);
        EXPECT_NEAR(found[0].top1[e], 1, kNear);
        EXPECT_NEAR(found[0].top10[e], 1, kNear) << "a share of what is read, not of the row";
        // What is written points along another expert's router row, never along its own.
        EXPECT_NEAR(found[1].matched[e], 0, kNear);
        EXPECT_NEAR(found[1].mismatched[e], 1.0 / 5, kNear);
    }
}

TEST(Alignment, RandomRowsMeetTheRandomBaseline) {
    // Rank above 100, so that more than one singular vector counts.
    constexpr int64_t kExperts = 16, kWidth = 128;
    LayerWeights w;
    w.linear = randn({kExperts, kWidth}, 1, at::kFloat);
    w.down = randn({kExperts, kWidth, kWidth}, 2, at::kFloat);
    w.up = randn({kExperts, kWidth, kWidth}, 3, at::kFloat);
    auto c = linear_model();
    c.moe.experts = kExperts;
    const auto found = alignments(c, w, 0);
    ASSERT_EQ(found.size(), 2u);
    for (const auto& a : found) {
        EXPECT_EQ(a.k, 2);
        EXPECT_NEAR(a.baseline, 2.0 / 128, 1e-12);
        // 256 scores of standard deviation about k / d: four standard errors.
        const double all =
            (stats::mean(a.matched) + (kExperts - 1) * stats::mean(a.mismatched)) / kExperts;
        EXPECT_NEAR(all, a.baseline, 4 * a.baseline / 16);
        // A square matrix reads every direction, and a tenth of its vectors hold a tenth of a row.
        for (const double energy : a.energy) EXPECT_NEAR(energy, 1, 1e-4);
        EXPECT_NEAR(stats::mean(a.top10), 13.0 / 128, 0.05);
    }
}

TEST(Alignment, SingularVectorsOfRankAboveOneAreFound) {
    // Expert i reads e_i ten times as strongly as e_{i+4}: its first right singular vector is e_i.
    LayerWeights w;
    w.linear = at::eye(4, 8);
    w.down = at::zeros({4, 2, 8});
    for (int64_t i = 0; i < 4; ++i) {
        // Rows that mix both, so that no row is a singular vector itself.
        w.down[i][0][i] = 10;
        w.down[i][0][i + 4] = 1;
        w.down[i][1][i] = 10;
        w.down[i][1][i + 4] = -1;
    }
    w.up = w.down.clone();
    auto c = linear_model();
    c.moe.experts = 4;
    for (const auto& a : alignments(c, w, 0))
        for (size_t e = 0; e < 4; ++e) {
            EXPECT_NEAR(a.matched[e], 1, kNear);
            EXPECT_NEAR(a.mismatched[e], 0, kNear);
            EXPECT_NEAR(a.cosine[e], 10 / std::sqrt(101.0), kNear);
        }
}

TEST(Alignment, CentroidsAreComparedThroughTheProjectionOfEachHop) {
    auto c = tiny();
    c.moe.projection = ProjectionKind::per_hop;
    auto w = init_weights(c, 5).layers[0];
    // Experts read where the second hop's projection carries their centroids.
    w.down = at::matmul(w.centroids, w.proj.select(0, 1)).unsqueeze(1).contiguous();
    const auto found = alignments(c, w, 0);
    ASSERT_EQ(found.size(), 6u);  // three hops, down and up
    for (const auto& a : found) {
        if (a.matrix != "down") continue;
        if (a.hop == 1)
            for (const double cosine : a.cosine) EXPECT_NEAR(cosine, 1, kNear);
        else
            EXPECT_LT(std::abs(stats::mean(a.cosine)), 0.9);
    }
    auto fixed = w;
    fixed.down = fixed.up = at::Tensor();
    EXPECT_TRUE(alignments(c, fixed, 0).empty());
}

TEST(LiveGeometry, IsWhatTheAnalysesReport) {
    for (const auto router : {RouterKind::cosine, RouterKind::linear}) {
        auto c = tiny();
        c.moe.router = router;
        c.moe.expert = router == RouterKind::linear ? ExpertKind::swiglu : ExpertKind::mlp;
        c.moe.expert_rank = 3;
        const auto w = init_weights(c, 4).layers[1];
        const auto live = live_geometry(c, w, 1);
        const auto rows = collinearity(w);
        EXPECT_NEAR(live.collinearity, rows.mean_cosine, kNear);
        EXPECT_NEAR(live.nearest_cosine, rows.nearest_cosine, kNear);
        EXPECT_NEAR(live.coupling, stats::mean(alignments(c, w, 1)[0].cosine), kNear);
    }
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    EXPECT_TRUE(std::isnan(live_geometry(c, init_weights(c, 4).layers[0], 0).collinearity));
    c.moe.router = RouterKind::cosine;
    c.moe.expert = ExpertKind::fixed;
    const auto fixed = live_geometry(c, init_weights(c, 4).layers[0], 0);
    EXPECT_TRUE(std::isnan(fixed.coupling));
    EXPECT_FALSE(std::isnan(fixed.collinearity));
}

}  // namespace
