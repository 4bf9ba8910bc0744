// Analyses of a model against values that are known: if these fail, a number in a report is not
// what its definition says.
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <c10/core/GradMode.h>

#include "core/measure/router_geometry.h"
#include "core/measure/routing_sample.h"
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

TEST(HopKnockout, AHopThatWritesNothingHasNoEffect) {
    const auto c = tiny();
    const Batches data(c);
    auto w = init_weights(c, 3);
    w.layers[0].up.mul_(100);  // far above what fp32 rounds away
    w.layers[1].up.zero_();
    const auto map = hop_knockout(c, w, *data.source, 2, kQuiet);
    ASSERT_TRUE(map.ok()) << map.error().message;
    ASSERT_EQ(map->size(), 2u);
    ASSERT_EQ((*map)[0].size(), 3u);
    EXPECT_NEAR((*map)[1][0].mean(), 0.0, 1e-7);
    EXPECT_GT((*map)[0][0].mean(), 1e-5);
    const auto dense = [&] {
        auto d = c;
        d.model.ffn = "dense";
        return hop_knockout(d, init_weights(d, 1), *data.source, 1, kQuiet);
    }();
    EXPECT_FALSE(dense.ok());
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
