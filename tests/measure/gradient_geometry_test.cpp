// If these fail, `coupling` or the curve beside the training compares other gradients than
// [def:gradient_coupling] says.
#include "core/measure/gradient_geometry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <cmath>

#include "core/measure/routing_sample.h"
#include "core/stats/descriptive.h"
#include "core/train/batch_tensors.h"
#include "core/train/engine.h"
#include "core/train/loss.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(RowGeometry, OfEqualOrthogonalAndEmptyRows) {
    const auto same = row_geometry(at::eye(1, 6).expand({5, 6}) * 3.0);
    EXPECT_EQ(same.n, 5);
    EXPECT_NEAR(same.common_energy, 1, 1e-9);
    EXPECT_NEAR(same.cosine, 1, 1e-9);
    // e_i: mean direction 1/√6 (1 … 1); minus their mean, pairs have cosine −1/5 and rank 5.
    const auto apart = row_geometry(at::eye(6));
    EXPECT_NEAR(apart.common_energy, 1.0 / 6, 1e-9);
    EXPECT_NEAR(apart.cosine, 0, 1e-9);
    EXPECT_NEAR(apart.centred_cosine, 0.2, 1e-9);
    EXPECT_NEAR(apart.effective_rank, 5, 1e-6);
    auto two = at::zeros({4, 6});
    two[1][0] = two[3][1] = 1;
    EXPECT_EQ(row_geometry(two).n, 2) << "rows of zeros have no direction";
    const auto none = row_geometry(at::zeros({4, 6}));
    EXPECT_EQ(none.n, 0);
    EXPECT_TRUE(std::isnan(none.cosine));
}

/// Rows of which each hears of its own tokens alone: one expert a token, not renormalised.
Config top_one_of_24() {
    auto c = linear_model();
    c.moe.experts = 24;
    c.moe.top_k = 1;
    c.moe.score = Score::sigmoid;
    c.moe.renormalise = Renormalise::no;
    return c;
}

TEST(Gradients, OfOneTokenPointAlongItsHiddenState) {
    // Sigmoid scores that are not renormalised: a row hears of its own tokens only. Where that is
    // one token, row and read row are both pushed along its h [def:gradient_coupling].
    auto c = top_one_of_24();
    c.moe.balance = Balance::none;
    const Batches data(c);
    const auto w = in_fp64(c, 7).map([](Group, const at::Tensor& t) { return t.to(at::kFloat); });
    const auto gradients = gradient_geometry({c, w}, *data.source, 1, kQuiet);
    const auto sample = sample_routing({c, w}, *data.source, 1, kQuiet);
    ASSERT_TRUE(gradients.ok()) << gradients.error().message;
    ASSERT_TRUE(sample.ok());
    int once = 0, apart = 0;
    for (size_t l = 0; l < 2; ++l) {
        ASSERT_EQ((*gradients)[l].matches.size(), 1u);
        const auto& match = (*gradients)[l].matches[0];
        for (size_t i = 0; i < match.experts.size(); ++i) {
            const int64_t tokens = sample->layers[l].counts[static_cast<size_t>(match.experts[i])];
            ASSERT_GT(tokens, 0) << "an expert without a token has no gradient";
            if (tokens == 1) {
                EXPECT_NEAR(std::abs(match.matched[i]), 1, 1e-4);
                ++once;
            } else if (std::abs(match.matched[i]) < 0.99) {
                ++apart;
            }
        }
        EXPECT_LT(stats::mean(match.abs_mismatched), 0.99);
    }
    EXPECT_GT(once, 3);
    EXPECT_GT(apart, 0) << "with several tokens the two sums differ";
}

TEST(Gradients, BalanceReachesRowsThatNoTokenChose) {
    auto c = top_one_of_24();
    const Batches data(c);
    const auto w = init_weights(c, 7);
    const auto rows = [&](Balance balance) {
        c.moe.balance = balance;
        const auto found = gradient_geometry({c, w}, *data.source, 1, kQuiet);
        EXPECT_TRUE(found.ok());
        return found ? (*found)[0].router_gradients.n : 0;
    };
    EXPECT_LT(rows(Balance::none), 24);
    EXPECT_EQ(rows(Balance::switch_loss), 24);
}

TEST(Gradients, RoutersThatDoNotLearnHaveNone) {
    auto c = tiny();
    c.moe.router = RouterKind::random_fixed;
    const Batches data(c);
    const auto found = gradient_geometry({c, init_weights(c, 7)}, *data.source, 1, kQuiet);
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE((*found)[0].matches.empty());
    EXPECT_GT((*found)[0].read_gradients.n, 0);
}

TEST(Gradients, OfWhatIsNotThereAreRefused) {
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    const Batches data(c);
    EXPECT_EQ(gradient_geometry({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a hash router has no rows");
    c.moe.router = RouterKind::cosine;
    c.moe.expert = ExpertKind::fixed;
    EXPECT_EQ(gradient_geometry({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "static experts read nothing");
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
