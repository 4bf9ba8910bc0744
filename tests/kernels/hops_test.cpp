// If these fail, a few tokens that go through all hops of a layer at once are routed, changed or
// stopped otherwise than hop by hop.
#include "kernels/hops.h"

#include <ATen/Parallel.h>

#include "kernels/reference/reference.h"
#include "tests/kernels/expert_banks.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;
using kernels::HopBank;
using kernels::HopRules;
using kernels::HopsOut;

constexpr int64_t kExperts = 24, kWidth = 37, kSpace = 7;

enum class Seen { by_table, by_projection, per_hop, identity };

/// Experts of d 37 in fp64, whose updates are as large as the state.
HopBank bank(ExpertKind kind, Seen seen, at::ScalarType type = at::kDouble) {
    const auto in = expert_inputs(kind, {1, 1, kExperts, 2, kWidth}, type);
    const int64_t space = seen == Seen::identity ? kWidth : kSpace;
    at::Tensor proj;
    if (seen == Seen::per_hop) proj = randn({3, space, kWidth}, 11, type);
    if (seen == Seen::by_table || seen == Seen::by_projection)
        proj = randn({space, kWidth}, 11, type);
    return kernels::hop_bank(proj, randn({kExperts, space}, 12, type), bank_of(kind, in),
                             seen == Seen::by_table);
}

HopRules three_hops() {
    HopRules rules;
    rules.pools.assign(3, {0, kExperts});
    rules.k = 4;
    rules.tau = 5;
    return rules;
}

void expect_same(const HopsOut& a, const HopsOut& b, double tolerance, const std::string& what) {
    EXPECT_LT(max_abs(a.update, b.update), tolerance) << what;
    ASSERT_TRUE(a.ratio.isnan().equal(b.ratio.isnan())) << what << ": other tokens stopped";
    EXPECT_LT(max_abs(a.ratio.nan_to_num(0), b.ratio.nan_to_num(0)), tolerance) << what;
}

TEST(Hops, AllKindsAndProjectionsEqualHopByHop) {
    for (const auto kind : kKinds)
        for (const auto seen : {Seen::by_table, Seen::by_projection, Seen::per_hop, Seen::identity})
            for (const int64_t tokens : {1, 3, 16}) {
                const auto b = bank(kind, seen);
                const auto x = randn({tokens, kWidth}, 20 + static_cast<uint64_t>(tokens));
                auto rules = three_hops();
                const auto what = name_of(kind) + " " + std::to_string(static_cast<int>(seen)) +
                                  ", " + std::to_string(tokens) + " tokens";
                const auto same = [&](const std::string& how) {
                    expect_same(kernels::hops(x, b, rules),
                                kernels::hops(x, b, rules, Form::reference), 1e-12,
                                what + ", " + how);
                };
                same("as they are");
                rules.renormalise = false;
                same("raw probabilities");
                rules.frozen = true;
                same("frozen");
                rules.frozen = false;
                rules.pools = {{0, 9}, {9, 5}, {14, 10}};
                same("unrolled pools");
                rules.pools.resize(1);
                same("one hop");
                rules.k = 9;
                same("all of a pool");
            }
}

// Wrong if a token that stopped went on, or another one with it.
TEST(Hops, TokensStopWhereTheyStopHopByHop) {
    const auto b = bank(ExpertKind::mlp, Seen::by_table);
    const auto x = randn({16, kWidth}, 33);
    auto rules = three_hops();
    const auto ratios = kernels::hops(x, b, rules, Form::reference).ratio;
    // Between the ratios of two tokens: one that equals it would be at the mercy of rounding.
    const double some = ratios.select(1, 0).median().item().toDouble() + 1e-6;
    for (const double epsilon : {0.0, some, 1e9}) {
        rules.epsilon.assign(16, epsilon);
        for (const size_t never : {2, 7}) rules.epsilon[never] = -1;
        rules.most.assign(16, 3);
        for (size_t t = 0; t < 16; t += 5) rules.most[t] = 1 + static_cast<int64_t>(t % 3);
        const auto fused = kernels::hops(x, b, rules);
        expect_same(fused, kernels::hops(x, b, rules, Form::reference), 1e-12,
                    "epsilon " + std::to_string(epsilon));
        EXPECT_EQ(fused.ratio.isnan().any().item().toBool(), true);
        EXPECT_EQ(fused.ratio.select(0, 2).isnan().any().item().toBool(), false);
    }
    rules.most.assign(16, 1);
    expect_same(kernels::hops(x, b, rules), kernels::hops(x, b, rules, Form::reference), 1e-12,
                "all stop");
}

TEST(Hops, SinglePrecisionFollowsDouble) {
    for (const auto seen : {Seen::by_table, Seen::by_projection}) {
        const auto single = bank(ExpertKind::mlp, seen, at::kFloat);
        auto wide = single;
        for (auto* t : {&wide.proj, &wide.unit, &wide.experts.down, &wide.experts.up, &wide.seen})
            if (t->defined()) *t = t->to(at::kDouble);
        const auto x = randn({16, kWidth}, 41, at::kFloat);
        auto rules = three_hops();
        rules.epsilon.assign(16, 0.5);
        expect_same(
            kernels::hops(x, single, rules),
            {kernels::hops(x.to(at::kDouble), wide, rules, Form::reference).update.to(at::kFloat),
             kernels::hops(x.to(at::kDouble), wide, rules, Form::reference).ratio.to(at::kFloat)},
            2e-5, "fp32");
    }
}

TEST(Hops, AreTheSameForAnyNumberOfThreads) {
    const auto b = bank(ExpertKind::swiglu, Seen::by_table, at::kFloat);
    const auto x = randn({16, kWidth}, 51, at::kFloat);
    const int before = at::get_num_threads();
    const auto many = kernels::hops(x, b, three_hops());
    at::set_num_threads(1);
    const auto one = kernels::hops(x, b, three_hops());
    at::set_num_threads(before);
    EXPECT_TRUE(many.update.equal(one.update));
    EXPECT_TRUE(many.ratio.equal(one.ratio));
}

// Wrong if a token's hops depended on who goes through the layer with it.
TEST(Hops, ATokenAloneIsTheTokenAmongOthers) {
    const auto b = bank(ExpertKind::mlp, Seen::by_table);
    const auto x = randn({9, kWidth}, 61);
    const auto all = kernels::hops(x, b, three_hops());
    for (int64_t t = 0; t < 9; ++t)
        EXPECT_LT(max_abs(kernels::hops(x.narrow(0, t, 1), b, three_hops()).update,
                          all.update.narrow(0, t, 1)),
                  1e-12);
}

TEST(Hops, CallsThatFitNothingAreRefused) {
    const auto b = bank(ExpertKind::mlp, Seen::by_table);
    const auto x = randn({2, kWidth}, 1);
    auto rules = three_hops();
    EXPECT_THROW(kernels::hops(x.to(at::kFloat), b, rules), c10::Error);
    EXPECT_THROW(kernels::hops(randn({2, kWidth - 1}, 1), b, rules), c10::Error);
    rules.k = kExperts + 1;
    EXPECT_THROW(kernels::hops(x, b, rules), c10::Error);
    rules = three_hops();
    rules.most = {1};
    EXPECT_THROW(kernels::hops(x, b, rules), c10::Error);
    const auto in = expert_inputs(ExpertKind::mlp, {1, 1, kExperts, 2, kWidth});
    EXPECT_THROW(kernels::hop_bank({}, randn({kExperts, kWidth}, 12), bank_of(ExpertKind::mlp, in),
                                   /*gram=*/true),
                 c10::Error);
}

}  // namespace
