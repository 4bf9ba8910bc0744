// If this fails, the contexts of an expert are not those in which it adds the most.
#include "core/analyses/contexts.h"

#include <ATen/ops/linalg_vector_norm.h>
#include <c10/core/GradMode.h>
#include <map>

#include "core/probe/trace.h"
#include "core/train/batch_tensors.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

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
