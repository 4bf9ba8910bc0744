// If these fail, what analyses share of a pass is not what their definitions say.
#include "core/measure/routing_sample.h"

#include <cmath>

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

}  // namespace
