// If these fail, the model that is trained is not the model of science.md, or looking at it changes
// it.
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <c10/core/GradMode.h>

#include "core/model/forward.h"
#include "core/model/weights.h"
#include "core/probe/trace.h"
#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::core;
using hopscope::test::max_abs;

Config tiny() {
    Config c;
    c.model = {.d_model = 8,
               .n_layers = 2,
               .n_heads = 2,
               .vocab_size = 11,
               .max_seq_len = 16,
               .dropout = 0.0};
    c.moe.experts = 6;
    c.moe.top_k = 2;
    c.moe.hops = {3};
    c.moe.d_space = 4;
    c.moe.tau = 4.0;
    return c;
}

Weights in_fp64(const Config& c, uint64_t seed = 1) {
    // Larger than the initial values of training, so that no gradient hides behind rounding.
    return init_weights(c, seed).map([](Group group, const at::Tensor& t) {
        const auto wide = t.to(at::kDouble);
        return group == Group::norms || t.dim() == 0 ? wide : wide * 20.0;
    });
}

at::Tensor some_ids(const Config& c, int64_t batch, int64_t length) {
    auto gen = at::detail::createCPUGenerator(5);
    return at::randint(0, c.model.vocab_size, {batch, length}, gen,
                       at::TensorOptions().dtype(at::kLong));
}

at::Tensor loss_of(const Config& c, const Weights& w, const at::Tensor& ids, kernels::Form form) {
    ForwardOptions options;
    options.form = form;
    const auto out = forward(c, w, ids, options);
    auto loss = kernels::classifier(out.hidden, w.embed, ids.reshape({-1}), form).nll_sum;
    return out.balance.defined() ? loss + out.balance * 3.0 : loss;
}

struct Variant {
    const char* name;
    void (*change)(Config&);
};

const Variant kVariants[] = {
    {"shared", [](Config&) {}},
    {"per_hop", [](Config& c) { c.moe.projection = "per_hop"; }},
    {"identity",
     [](Config& c) {
         c.moe.projection = "identity";
         c.moe.d_space = c.model.d_model;
     }},
    {"learned_tau", [](Config& c) { c.moe.learn_tau = true; }},
    {"scale_per_layer", [](Config& c) { c.moe.output_scale = "per_layer"; }},
    {"scale_global", [](Config& c) { c.moe.output_scale = "global"; }},
    {"state", [](Config& c) { c.moe.returns = "state"; }},
    {"top_1", [](Config& c) { c.moe.top_k = 1; }},
    {"rank_2", [](Config& c) { c.moe.expert_rank = 2; }},
    {"asymmetric",
     [](Config& c) {
         c.moe.hops = {2, 1};
     }},
    {"no_bias_no_norm",
     [](Config& c) {
         c.model.attention_bias = false;
         c.model.embedding_norm = false;
     }},
    {"dense",
     [](Config& c) {
         c.model.ffn = "dense";
         c.model.d_ff = 5;
     }},
};

class Variants : public ::testing::TestWithParam<Variant> {
  protected:
    // Matrices of a few elements: a team of threads would only wait for itself.
    Variants() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~Variants() override { at::set_num_threads(before_); }

  private:
    int before_;
};

TEST_P(Variants, GradientsOfTheWholeModelByFiniteDifferences) {
    auto c = tiny();
    GetParam().change(c);
    const auto ids = some_ids(c, 2, 5);
    auto w = in_fp64(c);
    w.for_each([](const std::string&, Group, at::Tensor& t) {
        t = t.detach().clone().set_requires_grad(true);
    });
    loss_of(c, w, ids, kernels::Form::fused).backward();
    constexpr double kStep = 1e-6;
    w.for_each([&](const std::string& name, Group, at::Tensor& t) {
        if (name.find("kinematic") != std::string::npos) return;
        ASSERT_TRUE(t.grad().defined()) << name;
        // A few elements of each tensor: the operators' own tests cover every element.
        auto flat = t.detach().view({-1});
        double* p = flat.mutable_data_ptr<double>();
        const auto grad = t.grad().contiguous();
        for (int64_t j = 0; j < flat.numel(); j += std::max<int64_t>(1, flat.numel() / 4)) {
            const double keep = p[j];
            const c10::AutoGradMode no_grad(false);
            p[j] = keep + kStep;
            const double above = loss_of(c, w, ids, kernels::Form::reference).item().toDouble();
            p[j] = keep - kStep;
            const double below = loss_of(c, w, ids, kernels::Form::reference).item().toDouble();
            p[j] = keep;
            const double numeric = (above - below) / (2 * kStep);
            EXPECT_NEAR(grad.const_data_ptr<double>()[j], numeric,
                        2e-5 * std::max(1.0, std::abs(numeric)))
                << name << " element " << j;
        }
    });
}

TEST_P(Variants, ReferenceAndFusedFormsAgree) {
    auto c = tiny();
    GetParam().change(c);
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 2, 7);
    EXPECT_NEAR(loss_of(c, w, ids, kernels::Form::fused).item().toDouble(),
                loss_of(c, w, ids, kernels::Form::reference).item().toDouble(), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Science, Variants, ::testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Model, ParameterTotalOfThePaperPresets) {
    // science.md A9; the tensors themselves are counted, not the arithmetic.
    Config c;
    c.model = {.d_model = 1024, .n_layers = 8, .n_heads = 16, .vocab_size = 32000};
    c.moe.experts = 1024;
    c.moe.legacy_param_count = true;
    EXPECT_EQ(make_weights(c).parameters(), 84742144);
    c.model.ffn = "dense";
    c.model.d_ff = 1120;
    EXPECT_EQ(make_weights(c).parameters(), 84742144);
}

TEST(Model, LaterTokensDoNotChangeEarlierOnes) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 1, 8);
    const auto all = forward(c, w, ids, {}).hidden.narrow(0, 0, 5);
    EXPECT_LT(max_abs(all, forward(c, w, ids.narrow(1, 0, 5).contiguous(), {}).hidden), 1e-12);
}

TEST(Model, InitialValuesDependOnSeedAndNameOnly) {
    auto c = tiny();
    const auto a = init_weights(c, 7), b = init_weights(c, 7), other = init_weights(c, 8);
    c.moe.hops = {1};
    c.moe.projection = "per_hop";
    const auto variant = init_weights(c, 7);
    EXPECT_TRUE(a.embed.equal(b.embed));
    EXPECT_FALSE(a.embed.equal(other.embed));
    EXPECT_TRUE(a.layers[1].down.equal(variant.layers[1].down))
        << "variants must start from equal values";
}

class Counting : public Probe {
  public:
    void after_hop(int64_t, int64_t, const HopRecord& r) override {
        ++hops;
        tokens += r.route.idx.size(0);
    }
    int64_t hops = 0, tokens = 0;
};

TEST(Probe, ReadingChangesNoBit) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = init_weights(c, 3);
    const auto ids = some_ids(c, 2, 6);
    Counting probe;
    ForwardOptions with;
    with.probe = &probe;
    with.statistics = true;
    EXPECT_TRUE(forward(c, w, ids, {}).hidden.equal(forward(c, w, ids, with).hidden));
    EXPECT_EQ(probe.hops, 2 * 3);
}

TEST(Halting, ThresholdZeroRunsAllAndInfinityRunsOneHop) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = init_weights(c, 3);
    const auto ids = some_ids(c, 2, 6);
    ForwardOptions zero, all, one;
    zero.controls.halt_epsilon = 0;
    all.controls.halt_epsilon = 1e30;
    one.controls.hop_limit = 1;
    EXPECT_TRUE(forward(c, w, ids, {}).hidden.equal(forward(c, w, ids, zero).hidden));
    Counting probe;
    all.probe = &probe;
    EXPECT_TRUE(forward(c, w, ids, one).hidden.equal(forward(c, w, ids, all).hidden));
    EXPECT_EQ(probe.tokens, 2 * 12) << "halted tokens must not be computed";
}

TEST(Halting, AHaltedTokenKeepsItsUpdateAndOthersAreUntouched) {
    // Depth 1 for token 2 of layer 0, all hops elsewhere: the layer's update of the others stays
    // bit-equal.
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto x = hopscope::test::randn({5, c.model.d_model}, 4);
    ForwardOptions deep, shallow, mixed;
    shallow.controls.hop_limit = 1;
    mixed.controls.depths = {{3, 3, 1, 3, 3}, {3, 3, 3, 3, 3}};
    const auto full = moe(c, w, 0, x, deep, nullptr).out,
               first = moe(c, w, 0, x, shallow, nullptr).out;
    const auto out = moe(c, w, 0, x, mixed, nullptr).out;
    for (int64_t t = 0; t < 5; ++t)
        EXPECT_LT(max_abs(out.select(0, t), (t == 2 ? first : full).select(0, t)), 1e-12)
            << "token " << t;
}

TEST(FrozenRouting, ConsecutiveHopsChooseTheSame) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    ForwardOptions options;
    options.statistics = true;
    options.controls.freeze_routing = true;
    const auto out = forward(c, w, some_ids(c, 2, 6), options);
    for (const auto& s : out.stats)
        for (const double j : s.jaccard) EXPECT_EQ(j, 1.0);
}

TEST(FrozenRouting, TheConfigurationAsksForTheSameThing) {
    auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 2, 6);
    ForwardOptions frozen;
    frozen.controls.freeze_routing = true;
    const auto expected = forward(c, w, ids, frozen).hidden;
    EXPECT_GT(max_abs(expected, forward(c, w, ids, {}).hidden), 1e-9);
    c.moe.reroute = "frozen";
    EXPECT_TRUE(expected.equal(forward(c, w, ids, {}).hidden));
}

TEST(Controls, AScopeThatIsNotBuiltIsRefusedNotIgnored) {
    const auto c = tiny();
    const Command halt{"halt", {{"max_hops", int64_t{1}}}};
    const auto plain = controls_of(c, {halt});
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->max_hops, (std::vector<int64_t>{1, 1}));
    auto scoped = halt;
    scoped.args["layers"] = std::vector<int64_t>{0};
    const auto refused = controls_of(c, {scoped});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("layers"), std::string::npos);
}

TEST(Balance, IsOneForEvenUseWhateverTheTopology) {
    // E8: the minimum is 1 for every k and H, so that alpha means the same in every variant.
    for (const int64_t k : {1, 2, 6}) {
        auto c = tiny();
        c.moe.top_k = k;
        c.moe.tau = 1e-9;  // all probabilities equal
        const c10::AutoGradMode no_grad(false);
        EXPECT_NEAR(forward(c, in_fp64(c), some_ids(c, 2, 6), {}).balance.item().toDouble(), 1.0,
                    1e-6)
            << "k = " << k;
    }
}

}  // namespace
