// If these fail, the model that is trained is not the one of docs/definitions.md, or looking at it
// changes it.
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <c10/core/GradMode.h>

#include "core/model/forward.h"
#include "core/model/moe.h"
#include "core/model/weights.h"
#include "core/probe/trace.h"
#include "kernels/ops.h"
#include "tests/kernels/helpers.h"
#include "tests/model/tiny.h"

namespace hopscope::core {
namespace {

using hopscope::test::in_fp64;
using hopscope::test::loss_of;
using hopscope::test::max_abs;
using hopscope::test::some_ids;
using hopscope::test::tiny;

TEST(Model, ParameterTotalOfThePaperPresets) {
    // [def:parameters]; the tensors themselves are counted, not the arithmetic.
    Config c;
    c.model = {.d_model = 1024, .n_layers = 8, .n_heads = 16, .vocab_size = 32000};
    c.moe.experts = 1024;
    c.moe.legacy_param_count = true;
    EXPECT_EQ(make_weights(c).parameters(), 84742144);
    c.model.ffn = FfnKind::dense;
    c.model.d_ff = 1120;
    EXPECT_EQ(make_weights(c).parameters(), 84742144);
}

TEST(Model, LaterTokensDoNotChangeEarlierOnes) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 1, 8);
    const auto all = forward({c, w}, ids, {}).hidden.narrow(0, 0, 5);
    EXPECT_LT(max_abs(all, forward({c, w}, ids.narrow(1, 0, 5).contiguous(), {}).hidden), 1e-12);
}

// Fails if a pass that drops nothing takes a random number: looking at a model beside its training
// would then change what the training drops.
TEST(Model, WithoutDropoutAPassTakesNoRandomNumber) {
    auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto next_after = [&](double dropout, bool train) {
        c.model.dropout = dropout;
        at::manual_seed(3);
        ForwardOptions options;
        options.train = train;
        forward({c, in_fp64(c)}, some_ids(c, 1, 8), options);
        return at::randint(1'000'000'000, {1}, at::TensorOptions().dtype(at::kLong))
            .item()
            .toLong();
    };
    at::manual_seed(3);
    const auto first =
        at::randint(1'000'000'000, {1}, at::TensorOptions().dtype(at::kLong)).item().toLong();
    EXPECT_EQ(next_after(0, true), first);
    EXPECT_EQ(next_after(0.3, false), first) << "nothing is dropped outside training";
    EXPECT_NE(next_after(0.3, true), first);
}

TEST(Model, InitialValuesDependOnSeedAndNameOnly) {
    auto c = tiny();
    const auto a = init_weights(c, 7), b = init_weights(c, 7), other = init_weights(c, 8);
    c.moe.hops = {1};
    c.moe.projection = ProjectionKind::per_hop;
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
    EXPECT_TRUE(forward({c, w}, ids, {}).hidden.equal(forward({c, w}, ids, with).hidden));
    EXPECT_EQ(probe.hops, 2 * 3);
}

TEST(Probe, OneThatLooksAtNothingChangesNoBit) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const auto w = init_weights(c, 3);
    const auto ids = some_ids(c, 2, 6);
    Probe idle;
    ForwardOptions options;
    options.probe = &idle;
    EXPECT_TRUE(forward({c, w}, ids, {}).hidden.equal(forward({c, w}, ids, options).hidden));
}

TEST(Halting, ThresholdZeroRunsAllAndInfinityRunsOneHop) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = init_weights(c, 3);
    const auto ids = some_ids(c, 2, 6);
    ForwardOptions zero, all, one;
    zero.changes.halt_epsilon = 0;
    all.changes.halt_epsilon = 1e30;
    one.changes.hop_limit = 1;
    EXPECT_TRUE(forward({c, w}, ids, {}).hidden.equal(forward({c, w}, ids, zero).hidden));
    Counting probe;
    all.probe = &probe;
    EXPECT_TRUE(forward({c, w}, ids, one).hidden.equal(forward({c, w}, ids, all).hidden));
    EXPECT_EQ(probe.tokens, 2 * 12) << "halted tokens must not be computed";
}

TEST(Halting, AHaltedTokenKeepsItsUpdateAndOthersAreUntouched) {
    // Depth 1 for token 2 of layer 0, all hops elsewhere: the layer's update of the others stays
    // bit-equal.
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto x = hopscope::test::randn({5, c.model.d_model}, 4);
    const TokenBatch tokens{some_ids(c, 1, 5).reshape({-1}), {5}};
    ForwardOptions deep, shallow, mixed;
    shallow.changes.hop_limit = 1;
    mixed.changes.depths = {{3, 3, 1, 3, 3}, {3, 3, 3, 3, 3}};
    const auto full = moe({c, w}, 0, x, tokens, deep, nullptr).out,
               first = moe({c, w}, 0, x, tokens, shallow, nullptr).out;
    const auto out = moe({c, w}, 0, x, tokens, mixed, nullptr).out;
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
    options.changes.freeze_routing = true;
    const auto out = forward({c, w}, some_ids(c, 2, 6), options);
    for (const auto& s : out.stats)
        for (const double j : s.jaccard) EXPECT_EQ(j, 1.0);
}

TEST(FrozenRouting, TheConfigurationAsksForTheSameThing) {
    auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 2, 6);
    ForwardOptions frozen;
    frozen.changes.freeze_routing = true;
    const auto expected = forward({c, w}, ids, frozen).hidden;
    EXPECT_GT(max_abs(expected, forward({c, w}, ids, {}).hidden), 1e-9);
    c.moe.reroute = Reroute::frozen;
    EXPECT_TRUE(expected.equal(forward({c, w}, ids, {}).hidden));
}

TEST(Balance, IsOneForEvenUseWhateverTheTopology) {
    // [def:balance_loss]: the minimum is 1 for every k and H, so that alpha means the same in every
    // variant.
    for (const int64_t k : {1, 2, 6}) {
        auto c = tiny();
        c.moe.top_k = k;
        c.moe.tau = 1e-9;  // all probabilities equal
        const c10::AutoGradMode no_grad(false);
        EXPECT_NEAR(forward({c, in_fp64(c)}, some_ids(c, 2, 6), {}).balance.item().toDouble(), 1.0,
                    1e-6)
            << "k = " << k;
    }
}

}  // namespace
}  // namespace hopscope::core
