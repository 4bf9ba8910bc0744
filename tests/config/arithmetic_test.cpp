// Parameters, FLOPs and memory against the numbers that arXiv 2604.14419 prints [def:parameters]
// [def:flops].
#include "core/config/arithmetic.h"

#include <gtest/gtest.h>

#include "core/config/parse.h"

namespace hopscope::core {
namespace {

Config preset(const std::string& name, const std::vector<std::string>& overrides = {}) {
    const auto config =
        load_config(std::string(HOPSCOPE_CONFIGS) + "/paper/" + name + ".toml", overrides);
    if (!config) throw std::runtime_error(config.error().message);
    return *config;
}

struct Total {
    const char* preset;
    std::vector<std::string> overrides;
    int64_t parameters;
};

class PaperTotals : public testing::TestWithParam<Total> {};

// Fails if a configuration has not the size the paper (or its arithmetic) gives it.
TEST_P(PaperTotals, AreReproduced) {
    const Total& row = GetParam();
    EXPECT_EQ(count_parameters(preset(row.preset, row.overrides)).total, row.parameters);
}

const Total kTotals[] = {
    {"wide_1x12", {}, 84742144},
    {"deep_3x4", {}, 84742144},
    {"dense_iso_param", {}, 84742144},
    {"asymmetric", {}, 84742144},
    {"magnitude", {}, 84742145},  // and its one scale
    {"dense_iso_flop", {}, 66588672},
    {"large_static_wide_1x12", {}, 76353536},
    {"large_static_deep_3x4", {}, 76353536},
    {"wide_1x12", {"moe.legacy_param_count=false"}, 84217856},
    {"linear", {}, 91557888},
    {"cosine_d341", {}, 91549696},
    {"bigger_experts", {}, 101519360},
    {"decoupled", {}, 85266432},
    {"hash", {}, 83169280},
    {"rank16_wide", {}, 83464192},
    {"rank16_deep", {}, 83464192},
    {"active_compute_m4096", {}, 138219520},
    {"wide_1x12", {"model.n_layers=6"}, 71749632},
    {"large_static_wide_1x12", {"model.n_layers=6"}, 65458176},
    {"small_deep_3x4", {}, 37645312},
    {"small_deep_3x4", {"model.embedding_norm=false"}, 37643776},
    {"small_unrolled", {}, 37645312},
    {"small_static_deep_3x4", {}, 36072448},
    {"small_static_wide_1x12", {"model.embedding_norm=false"}, 36070912},
    {"small_macro_deep", {}, 37415936},
    {"small_macro_wide", {}, 37415936},
    {"small_hybrid", {}, 37415936},
    {"small_granular_deep", {}, 37448704},
    {"small_granular_wide", {}, 37448704},
    {"small_dense_12", {}, 34114560},
    {"small_dense_48", {}, 34335744},
    {"kxtau_k24_learned", {}, 84742152},  // and a tau a layer
};
INSTANTIATE_TEST_SUITE_P(Paper, PaperTotals, testing::ValuesIn(kTotals));

// Fails if the groups of `info` do not add up as the table of [def:parameters] lists them.
TEST(CountParameters, GroupsOfWide) {
    const ParameterCounts n = count_parameters(preset("wide_1x12"));
    EXPECT_EQ(n.embedding, 32768000);
    EXPECT_EQ(n.attention, 33554432 + 32768);
    EXPECT_EQ(n.experts, 16777216);
    EXPECT_EQ(n.routing, 1572864);
    EXPECT_EQ(n.routing_projection, 524288);
    EXPECT_EQ(n.routing_centroids, 524288);
    EXPECT_EQ(n.routing_kinematic, 524288);
    EXPECT_EQ(n.routing_linear, 0);
    EXPECT_EQ(n.routing_live, 1048576);
    EXPECT_EQ(n.norms, 32768 + 2048 + 2048);
    EXPECT_EQ(n.dense, 0);
    EXPECT_EQ(n.other, 0);
}

// Fails if routing is counted otherwise than the paper does [def:parameters].
TEST(CountParameters, RoutingOfEveryVariant) {
    EXPECT_EQ(count_parameters(preset("linear")).routing, 8388608);
    EXPECT_EQ(count_parameters(preset("linear")).routing_linear, 8388608);
    EXPECT_EQ(count_parameters(preset("cosine_d341")).routing, 8380416);
    EXPECT_EQ(count_parameters(preset("cosine_d341")).routing_live, 5586944);
    EXPECT_EQ(count_parameters(preset("cosine_d512")).routing, 8388608);
    EXPECT_EQ(count_parameters(preset("random_fixed")).routing, 1048576);
    EXPECT_EQ(count_parameters(preset("top1")).routing, 1048576);
    EXPECT_EQ(count_parameters(preset("decoupled")).routing, 2097152);
    EXPECT_EQ(count_parameters(preset("rank16_wide")).routing, 327680);
    EXPECT_EQ(count_parameters(preset("hash")).routing, 0);
    EXPECT_EQ(count_parameters(preset("dense_iso_param")).routing, 0);
    EXPECT_EQ(count_parameters(preset("dense_iso_param")).dense, 18350080);
    EXPECT_EQ(count_parameters(preset("small_deep_3x4")).routing, 458752);
}

// Fails if the dense baseline without dead vectors does not match Wide's live parameters.
TEST(CountParameters, LiveIsoParameterBaseline) {
    const ParameterCounts wide = count_parameters(preset("wide_1x12"));
    EXPECT_EQ(count_parameters(preset("dense_iso_param_live")).total,
              wide.total - wide.routing + wide.routing_live);
}

// Fails if kinematic vectors are called dead where routing reads them, or a scheme allocates what
// it does not use.
TEST(CountParameters, OtherSchemes) {
    const auto count = [](std::vector<std::string> overrides) {
        return count_parameters(*parse_config("", "x.toml", overrides));
    };
    const int64_t block = 4 * 256 * 64;  // layers · M · s, and layers · s · d as M = d
    EXPECT_EQ(count({"moe.reroute=kinematic"}).routing_live, 3 * block);
    EXPECT_EQ(count({"moe.projection=identity"}).routing, 4 * 256 * 256);
    EXPECT_EQ(count({"moe.router=kmeans", "moe.kmeans=spherical_2"}).routing_centroids, 2 * block);
    EXPECT_EQ(count({"moe.router=kmeans", "moe.kmeans_space=model"}).routing, 4 * 256 * 256);
    EXPECT_EQ(count({"moe.balance=loss_free"}).other, 4 * 256);
    EXPECT_EQ(count({"moe.expert=swiglu", "moe.expert_rank=8"}).experts, 4 * 256 * 8 * 3 * 256);
    EXPECT_EQ(count({"moe.shared_expert=10"}).experts, 4 * (256 * 2 * 256 + 3 * 10 * 256));
    EXPECT_EQ(count({"moe.output_scale=per_layer"}).other, 4);
    EXPECT_EQ(count({"model.attention_bias=false"}).attention, 4 * 4 * 256 * 256);
}

// Fails if FLOPs differ from the per-layer figures of [def:flops].
TEST(CountFlops, WideAndDeep) {
    const FlopCounts wide = count_flops(preset("wide_1x12"));
    EXPECT_EQ(wide.routing, 8.0 * (131072 + 131072));
    EXPECT_EQ(wide.experts, 8.0 * 49152);
    const FlopCounts deep = count_flops(preset("deep_3x4"));
    EXPECT_EQ(deep.routing + deep.experts, 8.0 * 835584);
    EXPECT_EQ(deep.experts, 8.0 * 3 * 16384);
    EXPECT_EQ(deep.head, 2.0 * 1024 * 32000);
    EXPECT_EQ(deep.attention, 8.0 * (8.0 * 1024 * 1024 + 2.0 * 1024 * 512));
    EXPECT_EQ(deep.total, deep.routing + deep.experts + deep.head + deep.attention);
}

// Fails if halting after a hop is credited with another hop's arithmetic.
TEST(CountFlops, HopsDifferByPoolAndAlwaysOnExpert) {
    const auto of = [](std::vector<std::string> overrides) {
        return *parse_config("", "x.toml", overrides);
    };
    const Config c = of({"moe.hops=3", "moe.experts=256", "moe.pools=unrolled",
                         "moe.shared_expert=10", "model.n_layers=1"});
    const auto hops = hop_flops(c, 3);
    ASSERT_EQ(hops.size(), 3u);
    // Pools of 86, 85, 85; the always-on expert runs in hop 0 alone.
    const double shared = 6.0 * 10 * 256, row = 2.0 * 64;
    EXPECT_EQ(hops[0] - hops[1], shared + row);
    EXPECT_EQ(hops[1], hops[2]);
    const auto flops = count_flops(c);
    EXPECT_EQ(hops[0] + hops[1] + hops[2], flops.experts + flops.routing);
    const auto frozen = hop_flops(of({"moe.hops=2", "moe.reroute=frozen"}), 2);
    EXPECT_GT(frozen[0], frozen[1]) << "a frozen hop does not route";
    // A vector of R^64 for each of the choices moves the position, in place of the projection of
    // 256 · 64 or after it.
    const Config kinematic = of({"moe.hops=2", "moe.reroute=kinematic"});
    const double moves = 2.0 * static_cast<double>(kinematic.moe.top_k) * 64;
    const auto moved = hop_flops(kinematic, 2);
    EXPECT_EQ(moved[1] - moved[0], moves - 2.0 * 256 * 64);
    const auto both = hop_flops(of({"moe.hops=2", "moe.reroute=hybrid"}), 2);
    EXPECT_EQ(both[1] - both[0], moves);
}

// Fails if a variant is charged for arithmetic it does not do.
TEST(CountFlops, Variants) {
    EXPECT_EQ(count_flops(preset("hash")).routing, 0.0);
    EXPECT_EQ(count_flops(preset("linear")).routing, 8.0 * 2 * 1024 * 1024);
    EXPECT_EQ(count_flops(preset("deep_3x4", {"moe.reroute=frozen"})).routing,
              8.0 * (131072 + 131072));
    EXPECT_EQ(count_flops(preset("dense_iso_flop")).dense,
              count_flops(preset("wide_1x12")).experts);
    EXPECT_EQ(count_flops(preset("asymmetric")).experts, 17.0 * 16384);
    EXPECT_EQ(count_flops(preset("large_static_wide_1x12")).experts, 8.0 * 2 * 1024 * 12);
    // All pools together are scored once over the hops.
    EXPECT_EQ(count_flops(preset("small_unrolled")).routing,
              4.0 * (3 * 2 * 768 * 64 + 2 * 512 * 64));
}

// Fails if optimizer memory is charged for vectors without gradient, or bf16 is forgotten.
TEST(CountMemory, FollowsTrainedParametersAndPrecision) {
    const MemoryCounts fp32 = count_memory(preset("wide_1x12"));
    EXPECT_EQ(fp32.weights, 84742144 * int64_t{4});
    EXPECT_EQ(fp32.optimizer, (84742144 - 524288) * int64_t{8});
    EXPECT_EQ(fp32.gradients, (84742144 - 524288) * int64_t{4});
    EXPECT_GT(fp32.activations, 0);
    EXPECT_EQ(fp32.total, fp32.weights + fp32.optimizer + fp32.gradients + fp32.activations);
    const MemoryCounts bf16 = count_memory(preset("wide_1x12", {"train.device=cuda"}));
    EXPECT_EQ(bf16.weights, 84742144 * int64_t{6});
    EXPECT_LT(bf16.activations, fp32.activations);
    const MemoryCounts on_cpu =
        count_memory(preset("wide_1x12", {"train.device=cpu", "train.precision=bf16"}));
    const ParameterCounts parts = count_parameters(preset("wide_1x12"));
    EXPECT_EQ(on_cpu.weights, fp32.weights + 2 * (parts.embedding + parts.attention));
    EXPECT_EQ(on_cpu.activations, fp32.activations);
    EXPECT_EQ(count_memory(preset("random_fixed")).gradients, (84217856 - 1048576) * int64_t{4});
}

// Fails if pools do not split as 512 = 171 + 171 + 170.
TEST(PoolSizes, LargerFirst) {
    MoeConfig moe;
    moe.experts = 512;
    EXPECT_EQ(pool_sizes(moe, 3), std::vector<int64_t>{512});
    moe.pools = Pools::unrolled;
    EXPECT_EQ(pool_sizes(moe, 3), (std::vector<int64_t>{171, 171, 170}));
}

// Fails if an expert that a token does not choose counted as one that works on it, or one were
// counted for a hop although there are not so many [def:active_parameters].
TEST(ActiveParameters, AreThoseOfTheChosenExperts) {
    EXPECT_EQ(active_parameters(preset("wide_1x12")), 84742144 - 8 * (1024 - 12) * 2 * 1024);
    EXPECT_EQ(active_parameters(preset("deep_3x4")), active_parameters(preset("wide_1x12")));
    EXPECT_EQ(active_parameters(preset("dense_iso_param")), 84742144);
    const Config all = preset("wide_1x12", {"moe.experts=16", "moe.top_k=12", "moe.hops=2"});
    EXPECT_EQ(active_parameters(all), count_parameters(all).total);
}

}  // namespace
}  // namespace hopscope::core
