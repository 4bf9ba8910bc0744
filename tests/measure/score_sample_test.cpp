// If these fail, scores stand beside activations of other tokens or experts, or margins are not
// those of the model.
#include "core/measure/score_sample.h"

#include <c10/core/GradMode.h>
#include <cmath>

#include "core/measure/score_coupling.h"
#include "core/train/batch_tensors.h"
#include "core/train/engine.h"
#include "core/train/evaluate.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Mean over tokens, hops of ln p(last chosen) − ln p(first not chosen), by the model's own
/// softmax.
class SoftmaxMargin : public Probe {
  public:
    void after_hop(int64_t layer, int64_t, const HopRecord& r) override {
        if (layer != 1) return;
        const auto sorted = std::get<0>(r.route.p.to(at::kDouble).log().sort(-1, true));
        const int64_t k = r.route.idx.size(1);
        sum += (sorted.select(1, k - 1) - sorted.select(1, k)).sum().item().toDouble();
        n += static_cast<double>(sorted.size(0));
    }
    double sum = 0, n = 0;
};

TEST(ScoreSample, MarginIsThatOfTheModelsOwnProbabilities) {
    for (const auto router : {RouterKind::cosine, RouterKind::linear, RouterKind::random_fixed}) {
        auto c = tiny();
        c.moe.router = router;
        const Batches data(c);
        const auto w = init_weights(c, 6);
        const auto s = sample_scores({c, w}, *data.source, 3, kQuiet);
        ASSERT_TRUE(s.ok()) << s.error().message;
        SoftmaxMargin probe;
        PassChanges keep;
        keep.keep_scores = true;
        ASSERT_TRUE(evaluate({c, w}, *data.source, 3, keep, kQuiet, &probe).ok());
        EXPECT_NEAR(s->layers[1].margin.mean(), probe.sum / probe.n, 1e-4) << word(router);
        EXPECT_EQ(s->layers[1].angle_margin.batches.empty(), router == RouterKind::linear);
        EXPECT_EQ(s->layers[1].pairs.size(), static_cast<size_t>(3 * 12 * 3 * 2));
    }
}

TEST(ScoreSample, PairsAreOfEveryStridethTokenOfABatch) {
    // Batches of 600 tokens: 256, the size of a chunk, is no multiple of the stride.
    auto c = tiny();
    c.moe.hops = {1};
    c.model.max_seq_len = 300;
    const Batches data(c, 4'000, 300);
    const auto w = init_weights(c, 6);
    const auto all = sample_scores({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(all.ok()) << all.error().message;
    ASSERT_EQ(all->stride, 1);
    const auto& every = all->layers[1].pairs;
    const int64_t tokens = 600, k = 2;
    ASSERT_EQ(static_cast<int64_t>(every.size()), 2 * tokens * k);
    const auto some = sample_scores({c, w}, *data.source, 2, kQuiet, 2 * tokens * k / 7);
    ASSERT_TRUE(some.ok());
    ASSERT_EQ(some->stride, 8);
    const auto third = sample_scores({c, w}, *data.source, 2, kQuiet, 2 * tokens * k / 3);
    ASSERT_TRUE(third.ok());
    ASSERT_EQ(third->stride, 3);
    for (const auto* thinned : {&*some, &*third}) {
        const auto& pairs = thinned->layers[1].pairs;
        std::vector<float> expected;
        for (int64_t batch = 0; batch < 2; ++batch)
            for (int64_t t = 0; t < tokens; t += thinned->stride)
                for (int64_t i = 0; i < k; ++i)
                    expected.push_back(
                        every.score[static_cast<size_t>((batch * tokens + t) * k + i)]);
        EXPECT_EQ(pairs.score, expected) << "stride " << thinned->stride;
    }
}

TEST(ScoreSample, MarginByConstruction) {
    auto c = linear_model();
    const Batches data(c);
    auto w = init_weights(c, 6);
    for (auto& layer : w.layers) {
        // The router reads e_0 for every token; scores are then the first column.
        layer.ffn_norm_weight.zero_();
        layer.ffn_norm_bias.zero_();
        layer.ffn_norm_bias[0] = 1;
        layer.linear.zero_();
        const double scores[] = {0.5, 3, -1, 2.25, 0, 1};
        for (int64_t i = 0; i < 6; ++i) layer.linear[i][0] = scores[i];
    }
    const auto s = sample_scores({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(s.ok());
    // Chosen: 3 and 2.25; the next is 1.
    for (const auto& layer : s->layers) EXPECT_NEAR(layer.margin.mean(), 1.25, 1e-5);
    c.moe.top_k = 6;
    const auto all = sample_scores({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(all.ok());
    EXPECT_TRUE(all->layers[0].margin.batches.empty()) << "nothing is left to be chosen";
}

TEST(ScoreSample, ActivationIsWhatTheExpertDoes) {
    // Experts that read the very row that routes to them: activation = SiLU(score).
    for (const auto expert : {ExpertKind::mlp, ExpertKind::swiglu}) {
        auto c = linear_model();
        c.moe.expert = expert;
        c.moe.hops = {2};
        const Batches data(c);
        auto w = init_weights(c, 6);
        for (auto& layer : w.layers) {
            auto& reads = layer.gate.defined() ? layer.gate : layer.down;
            layer.linear.mul_(40);
            reads.copy_(layer.linear.unsqueeze(1));
        }
        const auto s = sample_scores({c, w}, *data.source, 3, kQuiet);
        ASSERT_TRUE(s.ok());
        for (const auto& layer : s->layers) {
            ASSERT_GT(layer.pairs.size(), 0u);
            for (size_t i = 0; i < layer.pairs.size(); ++i) {
                const double score = static_cast<double>(layer.pairs.score[i]);
                EXPECT_NEAR(static_cast<double>(layer.pairs.activation[i]),
                            score / (1 + std::exp(-score)), 1e-4);
                EXPECT_NEAR(static_cast<double>(layer.pairs.norm[i]), std::abs(score), 1e-4);
            }
        }
    }
}

TEST(LiveSpearman, ReadsThePairsThatTheAnalysisReads) {
    const auto c = tiny();
    const Batches data(c);
    const auto model = initial_model(c, 5);
    const auto analysis = sample_scores(model, *data.source, 1, kQuiet);
    ASSERT_TRUE(analysis.ok()) << analysis.error().message;
    ScoreSample live;
    const auto probe = pairs_probe(model, live);
    ASSERT_TRUE(probe);
    const c10::AutoGradMode no_grad(false);
    ForwardOptions options;
    options.probe = probe.get();
    forward(model, eval_tensors(*data.source, 0, at::kCPU).ids, options);
    for (size_t l = 0; l < 2; ++l) {
        EXPECT_EQ(live.layers[l].pairs.score, analysis->layers[l].pairs.score);
        EXPECT_EQ(live.layers[l].pairs.activation, analysis->layers[l].pairs.activation);
        EXPECT_EQ(live.layers[l].pairs.expert, analysis->layers[l].pairs.expert);
    }
    for (const double rho : live_spearman(live)) EXPECT_LE(std::abs(rho), 1.0);
    auto hash = c;
    hash.moe.router = RouterKind::hash;
    EXPECT_FALSE(pairs_probe({hash, model.weights}, live));
    auto fixed = c;
    fixed.moe.expert = ExpertKind::fixed;
    EXPECT_FALSE(pairs_probe({fixed, model.weights}, live));
}

TEST(ScoreSample, SaysWhatItCannotMeasure) {
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    const Batches data(c);
    EXPECT_EQ(sample_scores({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a hash router has no scores");
    c.moe.router = RouterKind::cosine;
    c.model.ffn = FfnKind::dense;
    EXPECT_EQ(sample_scores({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a dense model has no routing");
}

}  // namespace
