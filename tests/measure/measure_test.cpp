// Analyses of a model against values that are known: if these fail, a number in a report is not
// what its definition says.
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/measure/coupling.h"
#include "core/measure/model_space.h"
#include "core/measure/router_geometry.h"
#include "core/measure/routing_sample.h"
#include "core/measure/row_blocks.h"
#include "core/probe/plan.h"
#include "core/train/evaluate.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(RoutingSample, FrozenRoutingHasJaccardOneAndNoDisplacement) {
    auto c = tiny();
    c.moe.reroute = Reroute::frozen;
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto s = sample_routing({c, w}, *data.source, 4, kQuiet);
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
    const auto s = sample_routing({c, w}, *data.source, 3, kQuiet);
    const auto e = evaluate({c, w}, *data.source, 3, {}, kQuiet);
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
    c.moe.expert = ExpertKind::fixed;
    c.moe.reroute = Reroute::frozen;
    const Batches data(c);
    const auto s = sample_routing({c, init_weights(c, 3)}, *data.source, 2, kQuiet);
    ASSERT_TRUE(s.ok());
    for (const auto& layer : s->layers) {
        EXPECT_NEAR(layer.echo.mean(), 1.0, 1e-6);
        // Three equal writes: all together are three times the first.
        for (size_t b = 0; b < 2; ++b) {
            const double first = layer.first_hop.first[b];
            EXPECT_NEAR(layer.first_hop.product[b], 3 * first, 1e-5 * first);
            EXPECT_NEAR(layer.first_hop.all[b], 9 * first, 1e-5 * first);
        }
    }
}

TEST(RoutingSample, LayersAreComparedByTheIndicesOfTheirFirstHops) {
    // Every token is 1 … 1 and each layer prefers two experts.
    auto c = tiny();
    c.moe.router = RouterKind::linear;
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
        const auto s = sample_routing({c, w}, *data.source, 2, kQuiet);
        EXPECT_TRUE(s.ok());
        EXPECT_EQ(s->layer_jaccard[1].size(), 1u);
        return s->layer_jaccard[1][0].mean();
    };
    EXPECT_EQ(jaccard(2, 2), 1.0);
    EXPECT_EQ(jaccard(0, 2), 0.0);
    EXPECT_DOUBLE_EQ(jaccard(0, 1), 1.0 / 3);
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

TEST(RowBlocks, CoverEveryRowOnce) {
    for (const int64_t rows : {0, 1, 4096, 4097, 100'000}) {
        int64_t next = 0;
        each_row_block(rows, rows, [&](int64_t begin, int64_t count) {
            EXPECT_EQ(begin, next);
            EXPECT_TRUE(count * rows <= kBlockEntries || count == 1);
            next = begin + count;
        });
        EXPECT_EQ(next, rows);
    }
    int64_t blocks = 0;
    each_row_block(4096, 4096, [&](int64_t, int64_t) { ++blocks; });
    EXPECT_EQ(blocks, 1) << "usual sizes keep the order of their sums";
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
    c.moe.pools = Pools::unrolled;
    c.moe.projection = ProjectionKind::per_hop;
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
