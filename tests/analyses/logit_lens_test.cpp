// If these fail, the lens shows something else than what the model would predict at a stage.
#include "core/analyses/logit_lens.h"

#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linear.h>
#include <c10/core/GradMode.h>

#include "core/train/batch_tensors.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

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

}  // namespace
