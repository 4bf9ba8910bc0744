// If these fail, steps of decoding run another model than a pass that goes hop by hop.
#include "core/model/hop_banks.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <c10/core/GradMode.h>
#include <set>

#include "tests/model/tiny.h"
#include "tests/model/variants.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

constexpr int64_t kTokens = 9;

/// Hidden states [B, T, d] of a pass over each token alone.
at::Tensor token_by_token(const Model& model, const at::Tensor& ids, ForwardOptions options,
                          const HopBanks* hops) {
    Past past(ids.size(1));
    options.past = &past;
    options.hops = hops;
    std::vector<at::Tensor> out;
    for (int64_t t = 0; t < ids.size(1); ++t)
        out.push_back(forward(model, ids.narrow(1, t, 1).contiguous(), options)
                          .hidden.view({ids.size(0), 1, -1}));
    return at::cat(out, 1);
}

Config config_of(const Variant& variant) {
    auto c = tiny();
    variant.change(c);
    return c;
}

class HopBanksOf : public ::testing::TestWithParam<Variant> {
  protected:
    const c10::AutoGradMode no_grad_{false};
};

TEST_P(HopBanksOf, StepsEqualStepsHopByHop) {
    const auto c = config_of(GetParam());
    const auto ids = some_ids(c, 3, kTokens);
    const Model wide{c, in_fp64(c)}, single = initial_model(c, 4);
    for (const int64_t tokens : {int64_t{0}, int64_t{1} << 40}) {  // without and with tables
        const HopBanks of_wide(wide, tokens), of_single(single, tokens);
        const auto same = [&](const ForwardOptions& options, const std::string& what) {
            EXPECT_LT(max_abs(token_by_token(wide, ids, options, &of_wide),
                              token_by_token(wide, ids, options, nullptr)),
                      1e-12)
                << what;
            EXPECT_LT(max_abs(token_by_token(single, ids, options, &of_single),
                              token_by_token(single, ids, options, nullptr)),
                      5e-6)
                << what;
        };
        ForwardOptions options;
        same(options, "as they are");
        const bool has_more = c.moe.pools == Pools::shared && c.moe.top_k == 2;
        options.changes.top_k = has_more ? 3 : c.moe.top_k;
        options.changes.tau = 2;
        options.changes.hop_limit = 2;
        same(options, "other k and tau, two hops");
        options.changes = {};
        options.changes.freeze_routing = true;
        same(options, "frozen");
        options.changes = {};
        options.changes.halt_epsilon = 0.8;
        options.changes.halt_tokens = {3, 6};
        same(options, "halting");
        options.changes.halt_layers = {1};
        options.changes.halt_epsilon = -1;
        options.changes.max_hops = {1, 2};
        same(options, "few hops in one layer");
    }
}

INSTANTIATE_TEST_SUITE_P(Science, HopBanksOf, ::testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

// Wrong if a variant went hop by hop without need, or through hops that are not its own.
TEST(HopBanks, AreThereForPlainCosineRoutingOfSummedExperts) {
    const std::set<std::string> none{"linear",
                                     "hash_position",
                                     "hash_token",
                                     "kmeans",
                                     "kmeans_two",
                                     "sigmoid",
                                     "relu",
                                     "kinematic",
                                     "hybrid",
                                     "swiglu_shared",
                                     "grouped_silu",
                                     "loss_free_sequence",
                                     "dense",
                                     "grouped_gated",
                                     "cross_gated",
                                     "loss_free_linear",
                                     "unrolled_kinematic",
                                     "static_unrolled_gated",
                                     "kmeans_plain_identity_model"};
    for (const Variant& variant : kVariants) {
        const auto c = config_of(variant);
        const HopBanks banks(initial_model(c, 1), 1000);
        for (int64_t layer = 0; layer < c.model.n_layers; ++layer)
            EXPECT_EQ(banks.of(layer) == nullptr, none.contains(variant.name)) << variant.name;
    }
}

TEST(HopBanks, TablesAreMadeWhereTheyRepayAndStaySmall) {
    auto c = tiny();
    c.moe.experts = 48;  // three hops: twice a token is saved what a table costs 48 / 4 times
    const auto has_table = [&](int64_t tokens) {
        return HopBanks(initial_model(c, 1), tokens).of(0)->seen.defined();
    };
    EXPECT_FALSE(has_table(5));
    EXPECT_TRUE(has_table(6));
    const HopBanks banks(initial_model(c, 1), 1000);
    EXPECT_EQ(banks.bytes(), c.model.n_layers * 48 * c.moe.d_space * 2 * 4)
        << "unit centroids and what experts write, projected";
    c.moe.hops = {1};
    EXPECT_FALSE(has_table(1000)) << "there is no second hop to route";
    c.moe.hops = {3};
    c.moe.reroute = Reroute::frozen;
    EXPECT_FALSE(has_table(1000)) << "later hops are not routed";
    c.moe.reroute = Reroute::semantic;
    c.moe.projection = ProjectionKind::per_hop;
    EXPECT_FALSE(has_table(1000)) << "each hop has a projection of its own";
    c.moe.projection = ProjectionKind::shared;
    c.moe.d_space = 2 * c.model.d_model;
    EXPECT_FALSE(has_table(1000)) << "the table would be larger than the experts";
}

/// Counts the hops that are seen one by one.
class Hops : public Probe {
  public:
    void after_hop(int64_t, int64_t, const HopRecord&) override { ++count; }
    int64_t count = 0;
};

// Wrong if a probe, or statistics, were told nothing because the hops ran elsewhere.
TEST(HopBanks, WhoLooksSeesEveryHop) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const Model model = initial_model(c, 1);
    const HopBanks banks(model, 1000);
    Hops seen;
    ForwardOptions options;
    options.hops = &banks;
    options.probe = &seen;
    forward(model, some_ids(c, 1, 1), options);
    EXPECT_EQ(seen.count, 6);
    options.probe = nullptr;
    options.statistics = true;
    EXPECT_EQ(forward(model, some_ids(c, 1, 1), options).stats[1].executed[2], 1);
    options.statistics = false;
    EXPECT_FALSE(forward(model, some_ids(c, 1, 1), options).balance.defined())
        << "one token takes the way of few tokens";
    EXPECT_TRUE(forward(model, some_ids(c, 2, 16), options).balance.defined())
        << "many go hop by hop";
}

}  // namespace
