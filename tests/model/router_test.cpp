// Routers, pools and balancing beside the cosine line. If these fail, a variant is not the one that
// docs/definitions.md defines, although it may train.
#include "core/model/router.h"

#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/config/arithmetic.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/model/moe.h"
#include "core/model/routers/hash.h"
#include "core/model/routers/scored.h"
#include "kernels/reference/reference.h"
#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Routes one layer of 2 sequences × 5 tokens and keeps what each hop chose.
struct Routed : Probe {
    void after_hop(int64_t, int64_t, const HopRecord& r) override {
        idx.push_back(r.route.idx);
        weight.push_back(r.route.weight);
        offset.push_back(r.pool_offset);
        pos.push_back(r.route.pos);
    }
    std::vector<at::Tensor> idx, weight, pos;
    std::vector<int64_t> offset;
};

Routed route_layer(const Model& model, const at::Tensor& x, const at::Tensor& ids,
                   PassChanges changes = {}, LayerStats* stats = nullptr) {
    const c10::AutoGradMode no_grad(false);
    Routed out;
    ForwardOptions options;
    options.probe = &out;
    options.changes = std::move(changes);
    moe(model, 0, x, {ids.reshape({-1}), ids.size(1)}, options, stats);
    return out;
}

TEST(Hash, ChoicesAreTheSequenceThatScienceFixes) {
    // [def:hash_router]: splitmix64(0) = 0xe220a8397b1dcdaf; position 0, layer 0, attempt 0 takes
    // it modulo M.
    constexpr uint64_t kFirst = 0xe220a8397b1dcdafULL;
    EXPECT_EQ(hash_choices(0, 0, 1000, 1), std::vector<int64_t>{int64_t(kFirst % 1000)});
    const auto many = hash_choices(7, 3, 12, 12);
    for (int64_t i = 0; i < 12; ++i)
        EXPECT_EQ(many[static_cast<size_t>(i)], i) << "k = M takes all";
    EXPECT_NE(hash_choices(7, 3, 1000, 4), hash_choices(7, 4, 1000, 4)) << "layers must differ";
}

TEST(Hash, DependsOnPositionOrTokenAloneAndWeighsEvenly) {
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    const auto w = in_fp64(c);
    const auto x = randn({10, c.model.d_model}, 4);
    const auto ids = at::tensor(at::ArrayRef<int64_t>({1, 2, 3, 4, 5, 5, 4, 3, 2, 1})).view({2, 5});
    const auto by_position = route_layer({c, w}, x, ids);
    EXPECT_TRUE(by_position.idx[0].narrow(0, 0, 5).equal(by_position.idx[0].narrow(0, 5, 5)));
    c.moe.hash_key = HashKey::token;
    const auto by_token = route_layer({c, w}, x, ids);
    EXPECT_TRUE(by_token.idx[0][0].equal(by_token.idx[0][9])) << "the same token twice";
    EXPECT_TRUE(by_token.idx[0].equal(by_token.idx[2])) << "nothing changes from hop to hop";
    EXPECT_EQ(by_token.weight[0].min().item().toDouble(), 1.0 / double(c.moe.top_k));
    EXPECT_FALSE(by_token.pos[0].defined());
}

TEST(Linear, LogitsAreRowsTimesInput) {
    auto c = tiny();
    c.moe.router = RouterKind::linear;
    c.moe.hops = {1};
    const auto w = in_fp64(c);
    const auto x = randn({5, c.model.d_model}, 4);
    const auto r = route_layer({c, w}, x, some_ids(c, 1, 5));
    const auto p = x.matmul(w.layers[0].linear.t()).softmax(-1);
    const auto chosen = p.gather(1, r.idx[0]);
    EXPECT_LT(max_abs(r.weight[0], chosen / chosen.sum(-1, true)), 1e-12);
    EXPECT_LT(max_abs(std::get<0>(p.topk(c.moe.top_k, -1)), chosen), 1e-12);
}

TEST(Pools, UnrolledHopsChooseInsideTheirOwnPool) {
    auto c = tiny();
    c.moe.experts = 8;  // over 3 hops: 3 + 3 + 2, larger first [def:unrolled_pools]
    c.moe.pools = Pools::unrolled;
    const auto w = in_fp64(c);
    LayerStats stats;
    const auto x = randn({10, c.model.d_model}, 4);
    const auto r = route_layer({c, w}, x, some_ids(c, 2, 5), {}, &stats);
    EXPECT_EQ(r.offset, (std::vector<int64_t>{0, 3, 6}));
    for (size_t hop = 0; hop < 3; ++hop)
        EXPECT_LT(r.idx[hop].max().item().toLong(), hop < 2 ? 3 : 2) << "indices are of the pool";
    for (size_t hop = 0; hop < 3; ++hop) {
        int64_t choices = 0;
        for (size_t e = hop * 3; e < std::min<size_t>(8, hop * 3 + 3); ++e)
            choices += stats.counts[e];
        EXPECT_EQ(choices, 10 * c.moe.top_k) << "hop " << hop;
    }
    PassChanges frozen;
    frozen.freeze_routing = true;
    EXPECT_EQ(route_layer({c, w}, x, some_ids(c, 2, 5), frozen).offset,
              (std::vector<int64_t>{0, 0, 0}))
        << "frozen routing keeps hop 0's own pool";
}

TEST(Rerouting, KinematicMovesThePositionByTheChosenVectors) {
    auto c = tiny();
    c.moe.reroute = Reroute::kinematic;
    const auto w = in_fp64(c);
    const auto x = randn({6, c.model.d_model}, 4);
    const auto r = route_layer({c, w}, x, some_ids(c, 1, 6));
    const auto v = w.layers[0]
                       .kinematic.index_select(0, r.idx[0].reshape({-1}))
                       .view({6, c.moe.top_k, c.moe.d_space});
    const auto moved = r.pos[0] + (v * r.weight[0].unsqueeze(-1)).sum(1);
    EXPECT_LT(max_abs(r.pos[1], kernels::reference::l2norm(moved)), 1e-12);  // [def:reroute]
    EXPECT_GT(max_abs(r.pos[1], r.pos[0]), 1e-3);
    c.moe.reroute = Reroute::hybrid;
    const auto hybrid = route_layer({c, w}, x, some_ids(c, 1, 6));
    EXPECT_TRUE(hybrid.pos[0].equal(r.pos[0]));
    EXPECT_GT(max_abs(hybrid.pos[1], r.pos[1]), 1e-6);
}

TEST(Rerouting, HaltedTokensLeaveThePositionsOfOthersAlone) {
    auto c = tiny();
    c.moe.reroute = Reroute::kinematic;
    const auto w = in_fp64(c);
    const auto x = randn({5, c.model.d_model}, 4);
    PassChanges changes;
    changes.depths = {{3, 1, 3, 2, 3}, {3, 3, 3, 3, 3}};
    const auto all = route_layer({c, w}, x, some_ids(c, 1, 5));
    const auto some = route_layer({c, w}, x, some_ids(c, 1, 5), changes);
    EXPECT_LT(max_abs(some.pos[2], all.pos[2].index_select(0, at::tensor({0L, 2L, 4L}))), 1e-12);
}

TEST(Choose, ASelectionBiasChangesTheChoiceNotTheWeights) {
    const auto scores = randn({7, 5}, 3);
    kernels::Gate gate;
    gate.score = kernels::Score::sigmoid;
    gate.renormalise = false;
    gate.select_bias = at::tensor({0.0, 0.0, 0.0, 0.0, 9.0}, at::kDouble);
    for (const auto form : {kernels::Form::fused, kernels::Form::reference}) {
        const auto r = kernels::choose(scores, 2, gate, form);
        EXPECT_TRUE((r.idx == 4).any(1).all().item().toBool()) << "the biased expert is always in";
        EXPECT_LT(max_abs(r.weight, scores.sigmoid().gather(1, r.idx) + 1e-7), 1e-12);
    }
    auto suppressed = scores.clone();
    suppressed.select(1, 4).fill_(-std::numeric_limits<double>::infinity());
    const auto r = kernels::choose(suppressed, 2, gate);
    EXPECT_LT(r.idx.max().item().toLong(), 4) << "a bias must not bring back a suppressed expert";
}

TEST(Choose, TiesGoToTheLowestIndexInBothForms) {
    const auto scores = at::zeros({3, 6}, at::TensorOptions().dtype(at::kFloat));
    for (const auto form : {kernels::Form::fused, kernels::Form::reference})
        for (int64_t j = 0; j < 4; ++j)
            EXPECT_EQ(kernels::choose(scores, 4, {}, form).idx.select(1, j).min().item().toLong(),
                      j);
}

TEST(Choose, EntropyIsThatOfTheFullDistribution) {
    const auto r =
        kernels::choose(at::zeros({2, 8}, at::TensorOptions().dtype(at::kDouble)), 2, {});
    EXPECT_NEAR(r.entropy[0].item().toDouble(), std::log(8.0), 1e-12);
    EXPECT_NEAR(r.max_p[0].item().toDouble(), 1.0 / 8, 1e-12);
}

TEST(SequenceBalance, IsTheMeanOverSequencesOfTheSwitchTerm) {
    const auto p = randn({10, 6}, 3).softmax(-1);
    const auto idx = std::get<1>(p.topk(2, -1));
    double expected = 0;
    for (int64_t b = 0; b < 2; ++b) {
        const auto part = idx.narrow(0, b * 5, 5);
        expected += balance_term(p.narrow(0, b * 5, 5).mean(0), kernels::count_choices(part, 6), 10)
                        .item()
                        .toDouble() /
                    2;
    }
    EXPECT_NEAR(sequence_balance(p, idx, 5).item().toDouble(), expected, 1e-12);
}

TEST(Weights, EveryPresetHoldsTheParametersThatAreCounted) {
    for (const auto& change : std::vector<std::function<void(Config&)>>{
             [](Config& c) { c.moe.router = RouterKind::linear; },
             [](Config& c) { c.moe.router = RouterKind::hash; },
             [](Config& c) { c.moe.router = RouterKind::kmeans; },
             [](Config& c) {
                 c.moe.router = RouterKind::kmeans;
                 c.moe.kmeans = KMeans::spherical_2;
             },
             [](Config& c) {
                 c.moe.router = RouterKind::kmeans;
                 c.moe.kmeans_space = KMeansSpace::model;
             },
             [](Config& c) { c.moe.expert = ExpertKind::fixed; },
             [](Config& c) { c.moe.expert = ExpertKind::swiglu; },
             [](Config& c) { c.moe.shared_expert = 5; },
             [](Config& c) { c.moe.balance = Balance::loss_free; },
             [](Config& c) { c.moe.reroute = Reroute::hybrid; },
             [](Config& c) { c.moe.pools = Pools::unrolled; }}) {
        auto c = tiny();
        change(c);
        EXPECT_EQ(make_weights(c).parameters(), count_parameters(c).total) << to_toml(c);
    }
}

TEST(Weights, EveryPresetFileToo) {
    // The tensors themselves are counted; a small vocabulary spares memory and changes no rule.
    namespace fs = std::filesystem;
    int seen = 0;
    for (const char* folder : {"/paper", "/balancing"})
        for (const auto& file : fs::directory_iterator(std::string(HOPSCOPE_CONFIGS) + folder)) {
            const auto c = load_config(file.path().string(), {"model.vocab_size=64"});
            ASSERT_TRUE(c.ok()) << c.error().message;
            EXPECT_EQ(make_weights(*c).parameters(), count_parameters(*c).total) << file.path();
            ++seen;
        }
    EXPECT_GE(seen, 55);
}

}  // namespace
