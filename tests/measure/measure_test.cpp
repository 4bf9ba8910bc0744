// Analyses of a model against values that are known: if these fail, a number in a report is not
// what its definition says.
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <cmath>
#include <numbers>

#include "core/measure/amplification.h"
#include "core/measure/model_space.h"
#include "core/measure/router_geometry.h"
#include "core/measure/routing_sample.h"
#include "core/measure/snapshot_change.h"
#include "core/probe/plan.h"
#include "core/train/engine.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(RoutingSample, FrozenRoutingHasJaccardOneAndNoDisplacement) {
    auto c = tiny();
    c.moe.reroute = "frozen";
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto s = sample_routing(c, w, *data.source, 4, kQuiet);
    ASSERT_TRUE(s.ok()) << s.error().message;
    EXPECT_EQ(s->tokens, 4 * 12);
    for (const auto& layer : s->layers) {
        ASSERT_EQ(layer.jaccard.size(), 2u);
        for (const auto& pair : layer.jaccard) EXPECT_EQ(pair.mean(), 1.0);
        EXPECT_EQ(layer.displacement.mean(), 0.0);
    }
}

TEST(RoutingSample, AgreesWithEvaluationAndCountsEveryChoice) {
    const auto c = tiny();
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto s = sample_routing(c, w, *data.source, 3, kQuiet);
    const auto e = evaluate(c, w, *data.source, 3, {}, kQuiet);
    ASSERT_TRUE(s.ok() && e.ok());
    for (size_t l = 0; l < s->layers.size(); ++l) {
        for (size_t p = 0; p < 2; ++p)
            EXPECT_NEAR(s->layers[l].jaccard[p].mean(), e->jaccard[l][p], 1e-12);
        int64_t choices = 0;
        for (const auto n : s->layers[l].counts) choices += n;
        EXPECT_EQ(choices, s->tokens * 3 * c.moe.top_k);
        EXPECT_GT(s->layers[l].entropy.mean(), 0.0);
        EXPECT_LE(s->layers[l].entropy.mean(), std::log(6.0) + 1e-6);
        EXPECT_LE(std::abs(s->layers[l].echo.mean()), 1.0 + 1e-6) << "a cosine in fp32";
    }
}

TEST(RoutingSample, EchoIsOneWhereHopsRepeatThemselves) {
    // Static experts under frozen routing write the same vector at every hop.
    auto c = tiny();
    c.moe.expert = "static";
    c.moe.reroute = "frozen";
    const Batches data(c);
    const auto s = sample_routing(c, init_weights(c, 3), *data.source, 2, kQuiet);
    ASSERT_TRUE(s.ok());
    for (const auto& layer : s->layers) EXPECT_NEAR(layer.echo.mean(), 1.0, 1e-6);
}

TEST(RoutingSample, LayersAreComparedByTheIndicesOfTheirFirstHops) {
    // Every token is 1 … 1 and each layer prefers two experts.
    auto c = tiny();
    c.moe.router = "linear";
    const Batches data(c);
    const auto jaccard = [&](int64_t first, int64_t second) {
        auto w = init_weights(c, 3);
        for (size_t l = 0; l < 2; ++l) {
            auto& y = w.layers[l];
            y.ffn_norm_weight.zero_();
            y.ffn_norm_bias.fill_(1);
            y.linear.zero_();
            y.linear.narrow(0, l == 0 ? first : second, 2).fill_(1);
        }
        const auto s = sample_routing(c, w, *data.source, 2, kQuiet);
        EXPECT_TRUE(s.ok());
        EXPECT_EQ(s->layer_jaccard[1].size(), 1u);
        return s->layer_jaccard[1][0].mean();
    };
    EXPECT_EQ(jaccard(2, 2), 1.0);
    EXPECT_EQ(jaccard(0, 2), 0.0);
    EXPECT_DOUBLE_EQ(jaccard(0, 1), 1.0 / 3);
}

TEST(Amplification, IsTheNumberOfHopsWhereTheyRepeatThemselves) {
    auto c = tiny();
    c.moe.expert = "static";
    c.moe.reroute = "frozen";
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto s = sample_routing(c, w, *data.source, 4, kQuiet);
    ASSERT_TRUE(s.ok());
    for (const auto& layer : s->layers) {
        const auto found = amplification(layer.first_hop);
        EXPECT_NEAR(found.a, 3, 1e-5);
        EXPECT_NEAR(found.r2, 1, 1e-5);
    }
    // Then the first hop, three times as loud, is the model.
    Controls one;
    one.hop_limit = 1;
    FirstHopScale probe({3, 3});
    const auto base = evaluate(c, w, *data.source, 4, {}, kQuiet);
    const auto amplified = evaluate(c, w, *data.source, 4, one, kQuiet, &probe);
    const auto alone = evaluate(c, w, *data.source, 4, one, kQuiet);
    ASSERT_TRUE(base.ok() && amplified.ok() && alone.ok());
    for (size_t b = 0; b < 4; ++b) EXPECT_NEAR(amplified->batches[b], base->batches[b], 1e-5);
    EXPECT_GT(std::abs(alone->loss - base->loss), 1e-5);
}

TEST(Amplification, KnownSums) {
    // h_accum = 2 dh_0 plus a part of equal size across it: a = 2, R² = 4 / 5.
    FirstHop sums;
    sums.product = {2, 2};
    sums.first = {1, 1};
    sums.all = {5, 5};
    EXPECT_NEAR(amplification(sums).a, 2, 1e-12);
    EXPECT_NEAR(amplification(sums).r2, 0.8, 1e-12);
    sums.product[1] = 0;
    const int64_t second[] = {1};
    EXPECT_NEAR(amplification(sums, second).a, 0, 1e-12);
    EXPECT_NEAR(amplification(sums, second).r2, 0, 1e-12);
    EXPECT_EQ(amplification(FirstHop()).a, 1);
}

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
    EXPECT_NEAR(same[0].mean_angle(), 0, 1e-9);
    EXPECT_EQ(same[0].mean_changed(), 0);
    EXPECT_EQ(same[0].mean_jaccard(), 1);
    const auto moved = snapshot_change(a, b);
    EXPECT_NEAR(moved[0].mean_angle(), 5, 1e-4);
    ASSERT_EQ(moved[0].angles.size(), 2u) << "an interval over experts needs each of them";
    EXPECT_NEAR(moved[0].angles[0], 10, 1e-4);
    EXPECT_NEAR(moved[0].mean_changed(), 0.25, 1e-12);
    EXPECT_EQ(moved[0].changed, (std::vector<double>{0, 0.5})) << "token by token";
    EXPECT_NEAR(moved[0].mean_jaccard(), (1 + 1.0 / 3) / 2, 1e-12);
    b.token_ids = {7, 9};
    EXPECT_TRUE(std::isnan(snapshot_change(a, b)[0].mean_changed()));
    b.layers[0].centroids.clear();
    EXPECT_TRUE(std::isnan(snapshot_change(a, b)[0].mean_angle()));
}

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

TEST(ModelSpace, EachHopHasItsOwnProjectionAndPool) {
    auto c = tiny();
    c.moe.pools = "unrolled";
    c.moe.projection = "per_hop";
    const auto w = init_weights(c, 3).layers[0];
    const auto parts = in_model_space(c, w, 0, w.centroids);
    ASSERT_EQ(parts.size(), 3u);
    for (int64_t h = 0; h < 3; ++h) {
        const auto& part = parts[static_cast<size_t>(h)];
        EXPECT_EQ(part.hop, h);
        EXPECT_EQ(part.pool.offset, 2 * h);
        const auto expected = at::matmul(w.centroids.narrow(0, 2 * h, 2), w.proj.select(0, h));
        EXPECT_LT(max_abs(part.rows, expected), 1e-6);
    }
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
