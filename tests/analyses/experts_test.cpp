// What experts and positions stand for, on choices and models whose truth is known: if these fail,
// a table of grammar, meaning or co-activation counts something else than it says.
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <c10/core/GradMode.h>
#include <map>

#include "core/analyses/contexts.h"
#include "core/analyses/logit_lens.h"
#include "core/analyses/meaning_pairs.h"
#include "core/analyses/position_sample.h"
#include "core/probe/trace.h"
#include "core/train/batch_tensors.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

Occurrence seen(const std::string& meaning, std::vector<int32_t> set) {
    return {meaning, {set, std::move(set)}};
}

TEST(Polysemy, MeaningsWithExpertsOfTheirOwnAreToldApart) {
    std::vector<Occurrence> apart, alike;
    for (int i = 0; i < 10; ++i) {
        apart.push_back(seen("a", {0, 1}));
        apart.push_back(seen("b", {2, 3}));
        alike.push_back(seen(i % 2 ? "a" : "b", {0, 1}));
    }
    const auto means = pair_means(apart);
    EXPECT_EQ(means.same, 1.0);
    EXPECT_EQ(means.different, 0.0);
    EXPECT_EQ(means.same_pairs, 90);
    EXPECT_EQ(means.different_pairs, 100);
    EXPECT_EQ(means.same_by_slot.size(), 2u);
    EXPECT_LE(meaning_null({apart}, {999, 1}).p_greater, 2.0 / 1000);
    const auto null = meaning_null({alike}, {999, 1});
    EXPECT_EQ(null.observed, 0.0);
    EXPECT_EQ(null.p_greater, 1.0);
    // 1/7 as in the paper's example: one expert of four in common.
    EXPECT_NEAR(pair_means({seen("a", {0, 1, 2, 3}), seen("b", {3, 4, 5, 6})}).different, 1.0 / 7,
                1e-12);
    EXPECT_TRUE(std::isnan(meaning_null({{seen("a", {0}), seen("b", {1})}}, {99, 1}).p_greater))
        << "one pair of different meaning has nothing to be compared with";
}

TEST(Polysemy, MeaningsAreDealtOutWithinAWord) {
    // Two words with disjoint experts, each with both meanings in equal sets: exchanging meanings
    // between the words would show a difference that neither word has.
    std::vector<Occurrence> x, y;
    for (int i = 0; i < 6; ++i) {
        x.push_back(seen(i < 5 ? "a" : "b", {0, 1}));
        y.push_back(seen(i < 1 ? "a" : "b", {2, 3}));
    }
    const auto null = meaning_null({x, y}, {200, 1});
    EXPECT_EQ(null.observed, 0.0);
    EXPECT_EQ(null.null_std, 0.0);
}

/// P(target), NLL and rank of the model itself over a whole batch.
struct Own {
    double p = 0, nll = 0, rank = 0;
};
Own own_view(const Model& model, const BatchSource& source) {
    const auto batch = eval_tensors(source, 0, at::kCPU);
    const auto logits = at::linear(forward(model, batch.ids, {}).hidden, model.weights.embed);
    const auto column = batch.targets.unsqueeze(-1);
    const auto log_p = at::_log_softmax(logits, -1, false).gather(1, column).to(at::kDouble);
    return {
        log_p.exp().mean().item().toDouble(), -log_p.mean().item().toDouble(),
        1 + (logits > logits.gather(1, column)).sum(-1).to(at::kDouble).mean().item().toDouble()};
}

TEST(LogitLens, TheLastStageIsTheModelsOwnView) {
    const c10::AutoGradMode no_grad(false);
    for (const std::string variant : {"delta", "state", "global", "per_layer", "dense"}) {
        auto c = tiny();
        if (variant == "state") c.moe.returns = Returns::state;
        if (const auto scale = kind_of<OutputScale>(variant)) c.moe.output_scale = *scale;
        if (variant == "dense") {
            c.model.ffn = FfnKind::dense;
            c.model.d_ff = 16;
        }
        const Batches data(c);
        const auto w = init_weights(c, 3).map([](Group group, const at::Tensor& t) {
            return group == Group::norms || t.dim() == 0 ? t.clone() : t * 20.0;
        });
        const auto lens = logit_lens({c, w}, *data.source, 1, 1'000, 7, kQuiet);
        ASSERT_TRUE(lens.ok()) << lens.error().message;
        EXPECT_EQ(lens->tokens, 12) << "no more tokens than the batch has";
        const auto own = own_view({c, w}, *data.source);
        ASSERT_EQ(lens->layers.size(), 2u);
        const auto& last = lens->layers.back();
        ASSERT_EQ(last.size(), variant == "dense" ? 2u : 4u);
        EXPECT_NEAR(last.back().p.mean(), own.p, 1e-6) << variant;
        EXPECT_NEAR(last.back().nll.mean(), own.nll, 1e-5) << variant;
        EXPECT_EQ(last.back().rank.mean(), own.rank) << variant;
        EXPECT_NE(last.front().nll.mean(), last.back().nll.mean()) << variant;
    }
}

TEST(LogitLens, AHopThatWritesNothingChangesNothing) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const Batches data(c);
    auto w = init_weights(c, 3);
    w.layers[1].up.zero_();
    const auto lens = logit_lens({c, w}, *data.source, 2, 4, 7, kQuiet);
    ASSERT_TRUE(lens.ok());
    EXPECT_EQ(lens->tokens, 8);
    for (const auto& stage : lens->layers[1])
        EXPECT_EQ(stage.nll.batches, lens->layers[1][0].nll.batches);
    EXPECT_NE(lens->layers[0][0].nll.batches, lens->layers[0][3].nll.batches);
    EXPECT_NE(logit_lens({c, w}, *data.source, 2, 4, 8, kQuiet)->layers[0][0].nll.batches,
              lens->layers[0][0].nll.batches)
        << "another seed draws other tokens";
}

TEST(PositionSample, IsWhatATraceOfTheBatchRecords) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto got = sample_positions({c, w}, *data.source, {1, 11, 14}, kQuiet);
    ASSERT_TRUE(got.ok()) << got.error().message;
    ASSERT_EQ(got->d_space, 4);
    ASSERT_EQ(got->layers[1].size(), 12u);
    for (const auto& [batch, row, place] :
         {std::tuple<int64_t, size_t, size_t>{0, 1, 0}, {0, 11, 1}, {1, 2, 2}}) {
        TraceProbe probe(12, true);
        ForwardOptions options;
        options.probe = &probe;
        forward({c, w}, eval_tensors(*data.source, batch, at::kCPU).ids, options);
        const auto traced = probe.take(c);
        for (size_t i = 0; i < 4; ++i)
            EXPECT_NEAR(got->layers[1][place * 4 + i], traced[1].hops[0].position[row * 4 + i],
                        1e-6);
    }
    auto linear = c;
    linear.moe.router = RouterKind::linear;
    const auto refused =
        sample_positions({linear, init_weights(linear, 1)}, *data.source, {0}, kQuiet);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("linear router"), std::string::npos);
}

/// Norms of what each hop wrote, in the order of the pass.
class NormProbe : public Probe {
  public:
    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        norms[{layer, hop}] = floats(at::linalg_vector_norm(r.update, 2, at::IntArrayRef{-1}));
    }
    std::map<std::pair<int64_t, int64_t>, std::vector<float>> norms;
};

TEST(ExpertContexts, StrengthIsTheNormOfWhatAnExpertAdded) {
    const c10::AutoGradMode no_grad(false);
    for (const auto kind : {ExpertKind::mlp, ExpertKind::swiglu, ExpertKind::fixed}) {
        // With one expert a hop its update is the hop's.
        auto c = tiny();
        c.moe.top_k = 1;
        c.moe.expert = kind;
        c.moe.expert_rank = kind == ExpertKind::fixed ? 1 : 3;
        c.moe.renormalise = Renormalise::no;
        const Batches data(c);
        const auto w = init_weights(c, 3);
        const auto got = expert_contexts({c, w}, *data.source, 1, 1'000, 2, 7, kQuiet);
        ASSERT_TRUE(got.ok()) << got.error().message;
        NormProbe probe;
        ForwardOptions options;
        options.probe = &probe;
        forward({c, w}, eval_tensors(*data.source, 0, at::kCPU).ids, options);
        int64_t uses = 0;
        for (size_t l = 0; l < got->size(); ++l)
            for (const auto& expert : (*got)[l]) {
                uses += expert.uses;
                EXPECT_EQ(static_cast<int64_t>(expert.top.size()), expert.uses);
                for (size_t i = 0; i < expert.top.size(); ++i) {
                    const auto& use = expert.top[i];
                    const float norm = probe.norms.at(
                        {static_cast<int64_t>(l), use.hop})[static_cast<size_t>(use.token)];
                    EXPECT_NEAR(use.strength, norm, 1e-4F * norm + 1e-9F) << word(kind);
                    if (i > 0) {
                        EXPECT_LE(use.strength, expert.top[i - 1].strength);
                    }
                }
                if (expert.uses >= 2) {
                    ASSERT_EQ(expert.sample.size(), 2u);
                    EXPECT_GE(expert.sample[0].strength, expert.sample[1].strength);
                }
            }
        EXPECT_EQ(uses, 2 * 3 * 12) << "every token, hop and layer once";
    }
}

}  // namespace
