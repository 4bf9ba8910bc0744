// Maps of what a knocked-out hop or expert costs. If these fail, hops are chosen by rounding, or
// the map tells of another expert than the one it names.
#include "core/analyses/hop_knockout.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <c10/core/GradMode.h>

#include "core/probe/intervention_probe.h"
#include "core/probe/interventions/knock_out.h"
#include "core/train/batch_tensors.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

/// KL of one batch by the definition, every step in fp64 from the logits on.
double by_hand(const Model& model, const BatchSource& source, int64_t batch,
               const LayerAction& action) {
    const c10::AutoGradMode no_grad(false);
    const auto ids = eval_tensors(source, batch, at::kCPU).ids;
    const auto log_p = [&](Probe* probe) {
        ForwardOptions options;
        options.probe = probe;
        options.changes.keep_scores = true;
        const auto hidden = forward(model, ids, options).hidden;
        return at::log_softmax(at::linear(hidden, model.weights.embed).to(at::kDouble), -1);
    };
    Plan plan;
    plan.actions.push_back(action);
    InterventionProbe probe(model, plan, {source.seq_len()});
    const auto p = log_p(nullptr), q = log_p(&probe);
    return (p.exp() * (p - q)).sum(-1).mean().item().toDouble();
}

TEST(HopKnockout, AHopThatWritesNothingHasNoEffect) {
    const auto c = tiny();
    const Batches data(c);
    auto w = init_weights(c, 3);
    w.layers[0].up.mul_(1000);  // far above what fp32 rounds away
    w.layers[1].up.zero_();
    const auto map = hop_knockout({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(map.ok()) << map.error().message;
    ASSERT_EQ(map->size(), 2u);
    ASSERT_EQ((*map)[0].size(), 3u);
    EXPECT_EQ((*map)[1][0].kl.mean(), 0.0);
    EXPECT_EQ((*map)[1][0].largest, 0.0);
    EXPECT_GT((*map)[0][0].kl.mean(), 1e-5);
    EXPECT_GE((*map)[0][0].largest, (*map)[0][0].kl.mean());
    auto d = c;
    d.model.ffn = FfnKind::dense;
    EXPECT_FALSE(hop_knockout({d, init_weights(d, 1)}, *data.source, 1, kQuiet).ok());
    EXPECT_FALSE(expert_knockout({d, init_weights(d, 1)}, *data.source, 1, kQuiet).ok());
}

// A small effect is one of size² in KL: summed in fp32 it comes out as rounding, of either sign.
TEST(HopKnockout, SmallEffectsAreNotRoundedAwayOrNegative) {
    const auto c = tiny();
    const Batches data(c);
    auto w = init_weights(c, 3);
    for (auto& layer : w.layers) layer.up.mul_(0.05);
    const auto map = hop_knockout({c, w}, *data.source, 3, kQuiet);
    ASSERT_TRUE(map.ok()) << map.error().message;
    for (size_t l = 0; l < map->size(); ++l)
        for (size_t h = 0; h < (*map)[l].size(); ++h)
            for (size_t b = 0; b < 3; ++b) {
                LayerAction zero;
                zero.layer = static_cast<int64_t>(l);
                zero.scope.hops = {static_cast<int64_t>(h)};
                const double expected =
                    by_hand({c, w}, *data.source, static_cast<int64_t>(b), zero);
                const double found = (*map)[l][h].kl.batches[b];
                EXPECT_LT(expected, 1e-6) << "not small enough to tell";
                EXPECT_GE(found, 0.0);
                EXPECT_NEAR(found, expected, 1e-6 * expected + 1e-16);
            }
}

TEST(ExpertKnockout, IsTheTopExpertOfOneLayerBesideTheSecond) {
    const auto c = tiny();
    const Batches data(c);
    auto w = init_weights(c, 3);
    for (auto& layer : w.layers) layer.up.mul_(100);
    const auto map = expert_knockout({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(map.ok()) << map.error().message;
    ASSERT_EQ(map->size(), 2u);
    for (size_t l = 0; l < 2; ++l) {
        const auto& found = (*map)[l];
        const auto layer = static_cast<int64_t>(l);
        ASSERT_EQ(found.hops.size(), 3u);
        for (size_t b = 0; b < 2; ++b) {
            const auto expected = [&](const LayerAction& action) {
                return by_hand({c, w}, *data.source, static_cast<int64_t>(b), action);
            };
            EXPECT_NEAR(found.all.kl.batches[b], expected(knock_out_rank(layer, 0)), 1e-12);
            EXPECT_NEAR(found.second.kl.batches[b], expected(knock_out_rank(layer, 1)), 1e-12);
            EXPECT_NEAR(found.hops[2].kl.batches[b], expected(knock_out_rank(layer, 0, {2})),
                        1e-12);
        }
        EXPECT_GT(found.all.kl.mean(), 0.0);
        EXPECT_NE(found.all.kl.mean(), found.second.kl.mean());
        EXPECT_NE(found.all.kl.mean(), found.hops[0].kl.mean());
    }
}

TEST(ExpertKnockout, AloneAndInOneHop) {
    auto c = tiny();
    c.moe.top_k = 1;
    c.moe.hops = {1};
    const Batches data(c);
    auto w = init_weights(c, 3);
    w.layers[1].up.mul_(100);
    const auto map = expert_knockout({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(map.ok()) << map.error().message;
    for (const auto& layer : *map) {
        EXPECT_TRUE(layer.second.kl.batches.empty()) << "there is no second expert";
        ASSERT_EQ(layer.hops.size(), 1u);
        EXPECT_EQ(layer.hops[0].kl.batches, layer.all.kl.batches);
    }
    // The only expert of the only hop is all that the layer writes.
    const auto hops = hop_knockout({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(hops.ok());
    EXPECT_NEAR((*map)[1].all.kl.mean(), (*hops)[1][0].kl.mean(), 1e-12);
}

}  // namespace
