// Wrong if a model's tokens are sent by other numbers than its configuration has, or than its
// library takes where that says nothing.
#include <gtest/gtest.h>

#include "tests/imported/laid_out.h"

namespace hopscope::core {
namespace {

using namespace test;

TEST(RuleSettings, RulesHaveTheModelsOwnNumbers) {
    const auto rule_of = [](const char* type, const TinyModel::Json& keys) {
        TinyModel model;
        model.config["model_type"] = type;
        if (keys.is_object()) model.config.update(keys);
        model.add_routers(2, type == std::string("phimoe")  ? "mlp.router.weight"
                             : type == std::string("afmoe") ? "mlp.router.gate.weight"
                                                            : "mlp.gate.weight");
        return laid_out(model).rule;
    };
    // Without a word in config.json, as the library has it.
    EXPECT_FALSE(rule_of("olmoe", {}).normalise);
    EXPECT_TRUE(rule_of("qwen3_next", {}).normalise);
    EXPECT_TRUE(rule_of("olmoe", {{"norm_topk_prob", true}}).normalise);
    EXPECT_TRUE(rule_of("mixtral", {{"norm_topk_prob", false}}).normalise);  // always divides
    EXPECT_FALSE(rule_of("deepseek_v3", {{"norm_topk_prob", false}}).normalise);
    auto s = rule_of("deepseek_v3", {});
    EXPECT_EQ(s.groups, 8);
    EXPECT_EQ(s.kept_groups, 4);
    EXPECT_EQ(s.scale, 2.5f);
    s = rule_of("deepseek_v3", {{"n_group", 2}, {"topk_group", 1}, {"routed_scaling_factor", 3}});
    EXPECT_EQ(s.groups, 2);
    EXPECT_EQ(s.kept_groups, 1);
    EXPECT_EQ(s.scale, 3);
    // Groups of DeepSeek V2 count only where its method is that of groups.
    const TinyModel::Json groups = {
        {"n_group", 2}, {"topk_group", 1}, {"routed_scaling_factor", 16.0}};
    s = rule_of("deepseek_v2", groups);
    EXPECT_EQ(s.groups, 1);
    EXPECT_EQ(s.scale, 16);
    auto limited = groups;
    limited["topk_method"] = "group_limited_greedy";
    EXPECT_EQ(rule_of("deepseek_v2", limited).groups, 2);
    EXPECT_FALSE(rule_of("deepseek_v2", {{"norm_topk_prob", true}, {"n_group", nullptr}}).groups !=
                 1);
    // Under another name, and said or not: the library divides.
    s = rule_of("afmoe", {{"route_scale", 2.5}, {"norm_topk_prob", false}});
    EXPECT_EQ(s.scale, 2.5f);
    EXPECT_TRUE(s.normalise);
    EXPECT_EQ(rule_of("phimoe", {}).jitter, 0.01f);
    EXPECT_EQ(rule_of("phimoe", {{"router_jitter_noise", 0.25}}).jitter, 0.25f);
    EXPECT_EQ(rule_of("ernie4_5_moe", {}).least_sum, 1e-12f);
    EXPECT_EQ(rule_of("ernie4_5_moe", {{"moe_norm_min", 0.5}}).least_sum, 0.5f);
}

TEST(RuleSettings, KeysHaveSeveralNames) {
    for (const char* key :
         {"num_experts_per_tok", "moe_k", "experts_per_token", "moe_top_k", "moe_topk"}) {
        TinyModel model;
        model.config.erase("num_experts_per_tok");
        model.config[key] = 3;
        model.add_routers(2, "mlp.gate.weight");
        EXPECT_EQ(laid_out(model).rule.top_k, 3) << key;
        // A number a layer, where all are the same.
        model.config[key] = {3, 3};
        EXPECT_EQ(laid_out(model).rule.top_k, 3) << key;
        model.config[key] = {3, 2};
        const auto opened = ModelFolder::open(model.save());
        EXPECT_EQ(lacks(layout_of(*opened), {key, "[3,2]"}), "");
    }
    for (const char* key :
         {"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"}) {
        TinyModel model;
        model.config.erase("num_local_experts");
        model.config[key] = 7;
        model.add_routers(1, "mlp.gate.weight");
        model.add_dense(1);
        const ModelLayout layout = laid_out(model);
        ASSERT_EQ(layout.warnings.size(), 1u) << key;
        EXPECT_NE(layout.warnings[0].find("7 experts, the router has 4"), std::string::npos);
        EXPECT_EQ(layout.layers[0].routers[0].experts, 4);
    }
}

}  // namespace
}  // namespace hopscope::core
