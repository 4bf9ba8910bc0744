// If these fail, train.precision = "bf16" computes something else in bf16 than it says, or adds up
// gradients in eight bits.
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>

#include "tests/train/tiny_engine.h"

namespace hopscope::core {
namespace {

class Bf16 : public test::TinyEngine {
  protected:
    /// Whether every entry is one that bf16 holds.
    static bool fits(const at::Tensor& t) {
        return at::equal(t, t.to(at::kBFloat16).to(t.scalar_type()));
    }
};

TEST_F(Bf16, MatricesOfProductsAloneAreNarrow) {
    const Model& model = engine_->state().model;
    int64_t narrow = 0;
    model.weights.for_each([&](const std::string& name, Group group, const at::Tensor& t) {
        const bool wanted =
            t.dim() >= 2 && (group == Group::embedding || group == Group::attention);
        EXPECT_EQ(type_under_bf16(group, t), wanted ? at::kBFloat16 : at::kFloat) << name;
        narrow += wanted;
    });
    EXPECT_EQ(narrow, 1 + 2 * 4);
}

// Of a token in 640 places: added up in eight bits the sum would stand still at 256 equal parts.
TEST_F(Bf16, ATokenInManyPlacesHasItsWholeGradient) {
    const auto direction = at::linspace(-1, 2, 16);
    const auto gradient = [&](bool narrow) {
        Weights w = engine_->state().model.weights.map([&](Group group, const at::Tensor& t) {
            auto leaf = t.detach().clone().to(narrow ? type_under_bf16(group, t) : at::kFloat);
            leaf.set_requires_grad(true);
            leaf.set_grad_dtype(at::kFloat);
            return leaf;
        });
        const auto ids = at::full({40, 16}, 7, at::TensorOptions().dtype(at::kLong));
        (forward({config_, w}, ids, {}).hidden * direction).sum().backward();
        return w.embed.grad()[7].to(at::kDouble);
    };
    const auto exact = gradient(false), found = gradient(true);
    EXPECT_LT((found - exact).norm().item().toDouble(), 0.1 * exact.norm().item().toDouble());
}

// Each part is rounded, the sum is not: of two micro-batches, of both uses of the embedding.
TEST_F(Bf16, GradientsAreAddedUpInFp32) {
    config_.train.precision = Precision::bf16;
    config_.train.grad_accum = 2;
    Engine engine(untrained(initial_model(config_, 42)));
    std::map<std::string, at::Tensor> seen;
    const auto look = [&](const Model&, const std::map<std::string, at::Tensor>& gradients) {
        seen = gradients;
    };
    ASSERT_TRUE(engine
                    .update(
                        *data_, [] {}, look)
                    .ok());
    for (const char* name : {"embed.weight", "layers.0.attn.q.weight"}) {
        ASSERT_TRUE(seen.contains(name)) << name;
        EXPECT_FALSE(fits(seen[name])) << name;
    }
}

TEST_F(Bf16, SameSeedSameBits) {
    config_.train.precision = Precision::bf16;
    config_.model.dropout = 0.1;
    std::vector<double> losses[2];
    for (auto& list : losses) {
        Engine engine(untrained(initial_model(config_, 42)));
        for (int i = 0; i < 5; ++i) {
            const auto record = engine.update(*data_, [] {});
            ASSERT_TRUE(record.ok());
            list.push_back(record->loss);
        }
    }
    EXPECT_EQ(losses[0], losses[1]);
    EXPECT_LT(losses[0].back(), losses[0].front());
}

}  // namespace
}  // namespace hopscope::core
