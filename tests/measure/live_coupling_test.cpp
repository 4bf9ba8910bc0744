// What of the coupling is recorded while a run trains, against the analyses that it stands for. If
// these fail, the curves tell another story than `analyze` does on the same weights.
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/measure/gradient_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/stats/descriptive.h"
#include "core/train/batch_tensors.h"
#include "core/train/engine.h"
#include "core/train/loss.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Pairs of one expert: scores 0, 1, 2, …, and what it then does.
void add(RoutedPairs& pairs, int32_t expert, const std::vector<float>& activations) {
    for (size_t i = 0; i < activations.size(); ++i) {
        pairs.expert.push_back(expert);
        pairs.rank.push_back(0);
        pairs.batch.push_back(0);
        pairs.score.push_back(static_cast<float>(i));
        pairs.activation.push_back(activations[i]);
        pairs.norm.push_back(0);
    }
}

TEST(LiveSpearman, IsTheMedianOverExpertsWithEnoughPairs) {
    ScoreSample sample;
    sample.top_k = 1;
    sample.batches = 1;
    sample.layers.resize(2);
    auto& pairs = sample.layers[0].pairs;
    add(pairs, 4, {1, 2, 4, 8, 16, 32, 64, 128});  // 1
    add(pairs, 0, {8, 7, 6, 5, 4, 3, 2, 1, 0});    // −1
    add(pairs, 2, {1, 0, 3, 2, 5, 4, 7, 6});       // 1 − 6 · 8 / (8 · 63)
    add(pairs, 3, {7, 6, 5, 4, 3, 2, 1});          // too few
    add(pairs, 1, {5, 5, 5, 5, 5, 5, 5, 5});       // no order
    const auto found = live_spearman(sample);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_NEAR(found[0], 1 - 6.0 * 8 / (8 * 63), 1e-12);
    EXPECT_TRUE(std::isnan(found[1]));
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

TEST(LiveGradient, IsTheMatchedCosineOfTheAnalysis) {
    for (const char* router : {"cosine", "linear", "per_hop", "unrolled"}) {
        auto c = tiny();
        const std::string name = router;
        if (name == "linear") c.moe.router = RouterKind::linear;
        if (name == "linear") c.moe.expert = ExpertKind::swiglu;
        if (name == "per_hop") c.moe.projection = ProjectionKind::per_hop;
        if (name == "unrolled") c.moe.pools = Pools::unrolled;
        c.moe.expert_rank = 2;
        const Batches data(c);
        const auto w = init_weights(c, 7);
        const auto expected = gradient_geometry({c, w}, *data.source, 1, kQuiet);
        ASSERT_TRUE(expected.ok()) << expected.error().message;
        const auto leaves = w.map(
            [](Group, const at::Tensor& t) { return t.detach().clone().set_requires_grad(true); });
        const auto batch = eval_tensors(*data.source, 0, at::kCPU);
        training_loss({c, leaves}, forward({c, leaves}, batch.ids, {}), batch.targets)
            .total.backward();
        for (size_t l = 0; l < 2; ++l) {
            const auto& leaf = leaves.layers[l];
            std::vector<double> matched;
            for (const auto& match : (*expected)[l].matches)
                matched.insert(matched.end(), match.matched.begin(), match.matched.end());
            ASSERT_FALSE(matched.empty());
            const auto& rows = leaf.linear.defined() ? leaf.linear : leaf.centroids;
            const auto& reads = leaf.gate.defined() ? leaf.gate : leaf.down;
            const auto live = [&](const at::Tensor& router_rows) {
                return live_gradient_cosine(c, w.layers[l], static_cast<int64_t>(l), router_rows,
                                            reads.grad());
            };
            EXPECT_NEAR(live(rows.grad()), stats::mean(matched), 1e-5) << name;
            EXPECT_NEAR(live(rows.grad() * -0.001), -stats::mean(matched), 1e-5)
                << "clipping changes no cosine";
            EXPECT_TRUE(std::isnan(live({})));
            EXPECT_TRUE(std::isnan(live(at::zeros_like(rows)))) << "no expert was reached";
        }
    }
}

TEST(LiveGradient, TheEngineShowsGradientsBesideTheWeightsTheyWereTakenAt) {
    auto c = tiny();
    c.train.batch = 2;
    c.train.seq_len = 6;
    c.train.device = DeviceKind::cpu;
    c.train.precision = Precision::fp32;
    const Batches data(c);
    const auto run = [&](const GradientView& look) {
        Engine engine(untrained(initial_model(c, 3)));
        EXPECT_TRUE(engine
                        .update(
                            *data.source, [] {}, look)
                        .ok());
        return engine.state().model.weights.layers[1].centroids.clone();
    };
    const auto before = init_weights(c, 3).layers[1].centroids;
    int looked = 0;
    const auto after = run([&](const Model& model, const std::map<std::string, at::Tensor>& grads) {
        const auto& w = model.weights;
        ++looked;
        EXPECT_TRUE(at::equal(w.layers[1].centroids, before));
        ASSERT_TRUE(grads.count("layers.1.router.centroids"));
        ASSERT_TRUE(grads.count("layers.1.experts.down"));
        EXPECT_EQ(grads.at("layers.1.router.centroids").sizes(), before.sizes());
        EXPECT_FALSE(std::isnan(live_gradient_cosine(c, w.layers[1], 1,
                                                     grads.at("layers.1.router.centroids"),
                                                     grads.at("layers.1.experts.down"))));
    });
    EXPECT_EQ(looked, 1);
    EXPECT_FALSE(at::equal(after, before));
    EXPECT_TRUE(at::equal(after, run({}))) << "looking changes no bit";
}

}  // namespace
