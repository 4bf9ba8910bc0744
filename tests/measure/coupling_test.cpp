// Router-expert geometry against planted weights: if these fail, `coupling` does not measure what
// [def:coupling] defines.
#include "core/measure/coupling.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "core/measure/gradient_geometry.h"
#include "core/measure/numbers.h"
#include "core/measure/router_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/probe/plan.h"
#include "core/stats/descriptive.h"
#include "core/train/engine.h"
#include "core/train/evaluate.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

constexpr double kNear = 1e-5;

Config linear_model() {
    auto c = tiny();
    c.moe.router = RouterKind::linear;
    c.moe.hops = {1};
    return c;
}

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
    for (const auto& layer : s->layers) EXPECT_NEAR(layer.margin.mean(), 1.25, kNear);
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

/// A layer of three experts: one rises with its score, one falls, one has too few tokens.
ScoreSample planted_pairs() {
    ScoreSample out;
    out.batches = 2;
    out.top_k = 2;
    out.layers.resize(1);
    auto& p = out.layers[0].pairs;
    const auto add = [&](int32_t expert, float score, float activation, int16_t rank, int i) {
        p.expert.push_back(expert);
        p.rank.push_back(rank);
        p.batch.push_back(static_cast<int16_t>(i % 2));
        p.score.push_back(score);
        p.activation.push_back(activation);
        p.norm.push_back(rank == 0 ? 2.0F : 1.0F);
    };
    for (int i = 0; i < 200; ++i) {
        const float x = static_cast<float>((i * 37) % 200) / 10;
        add(4, x, std::exp(x / 4), static_cast<int16_t>(i % 4 < 2 ? 0 : 1), i);
        add(1, x, -x * x, static_cast<int16_t>(i % 4 < 2 ? 0 : 1), i);
        if (i < 100) add(2, x, x, 0, i);
    }
    return out;
}

TEST(ScoreCoupling, MonotoneExpertsHaveRhoOneOrMinusOne) {
    const auto found = score_coupling(planted_pairs());
    ASSERT_EQ(found.experts.size(), 2u) << "100 tokens are too few";
    EXPECT_EQ(found.experts[0].expert, 1);
    EXPECT_NEAR(found.experts[0].rho, -1, 1e-12);
    EXPECT_EQ(found.experts[1].expert, 4);
    EXPECT_NEAR(found.experts[1].rho, 1, 1e-12);
    EXPECT_EQ(found.experts[1].n, 200);
    EXPECT_EQ(found.pairs, 400);
    // Norms are 2 at the first rank and 1 at the second, equally often: ± 1 standard deviation.
    ASSERT_EQ(found.ranks.size(), 2u);
    EXPECT_NEAR(found.ranks[0].norm.mean(), 1, 0.01);
    EXPECT_NEAR(found.ranks[1].norm.mean(), -1, 0.01);
}

TEST(ScoreCoupling, DecilesRiseWithTheScore) {
    auto sample = planted_pairs();
    auto& p = sample.layers[0].pairs;
    for (size_t i = 0; i < p.size(); ++i) p.activation[i] = 3 * p.score[i] - 1;
    const auto found = score_coupling(sample);
    ASSERT_EQ(found.deciles.size(), 10u);
    for (size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(found.deciles[i].n, 40);
        EXPECT_NEAR(found.deciles[i].median, found.deciles[i].score, 0.02);
        EXPECT_LT(found.deciles[i].low, found.deciles[i].high);
    }
}

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
    EXPECT_TRUE(std::isnan(row_geometry(at::zeros({4, 6})).cosine));
}

TEST(Gradients, OfOneTokenPointAlongItsHiddenState) {
    // Sigmoid scores that are not renormalised: a row hears of its own tokens only. Where that is
    // one token, row and read row are both pushed along its h [def:gradient_coupling].
    auto c = linear_model();
    c.moe.experts = 24;
    c.moe.top_k = 1;
    c.moe.score = Score::sigmoid;
    c.moe.renormalise = Renormalise::no;
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
    auto c = linear_model();
    c.moe.experts = 24;
    c.moe.top_k = 1;
    c.moe.score = Score::sigmoid;
    c.moe.renormalise = Renormalise::no;
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

TEST(Coupling, SaysWhatItCannotMeasure) {
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    const Batches data(c);
    EXPECT_EQ(sample_scores({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a hash router has no scores");
    EXPECT_EQ(gradient_geometry({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a hash router has no rows");
    c.moe.router = RouterKind::cosine;
    c.moe.expert = ExpertKind::fixed;
    EXPECT_EQ(gradient_geometry({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "static experts read nothing");
    c.model.ffn = FfnKind::dense;
    EXPECT_EQ(sample_scores({c, init_weights(c, 1)}, *data.source, 1, kQuiet).error().message,
              "a dense model has no routing");
}

}  // namespace
