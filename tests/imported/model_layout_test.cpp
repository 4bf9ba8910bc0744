// Wrong if a router of a family in the table is not found under each of its names, something else
// is taken for one, or a rule gets other numbers than the model's.
#include "core/imported/model_layout.h"

#include <gtest/gtest.h>

#include "core/imported/imported_document.h"
#include "core/imported/parameter_counts.h"
#include "core/imported/router_tensors.h"
#include "tests/imported/laid_out.h"

namespace hopscope::core {
namespace {

using test::lacks;
using test::laid_out;
using test::TinyModel;
using Layers = std::vector<int64_t>;

Layers indices(const ModelLayout& layout) {
    Layers out;
    for (const ModelLayer& layer : layout.layers) out.push_back(layer.index);
    return out;
}

/// A family's tensors by hand, not from the table that is tested.
struct Case {
    const char* type;
    RoutingRule rule;
    std::vector<const char*> routers;  ///< names of the same one
    const char* bias = "";
    const char* correction = "";
    const char* norm = "post_attention_layernorm.weight";
};

const std::vector<Case> kCases = {
    {"mixtral", RoutingRule::softmax_top_k, {"block_sparse_moe.gate.weight", "mlp.gate.weight"}},
    {"phimoe", RoutingRule::sparse_mixer, {"block_sparse_moe.gate.weight", "mlp.router.weight"}},
    {"minimax_m2",
     RoutingRule::corrected_sigmoid,
     {"block_sparse_moe.gate.weight"},
     "",
     "block_sparse_moe.e_score_correction_bias"},
    {"olmoe", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"flex_olmo", RoutingRule::softmax_top_k, {"mlp.gate.weight"}, "", "", ""},
    {"qwen3_moe", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"qwen2_moe", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"qwen3_next", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"deepseek_v2", RoutingRule::grouped_softmax, {"mlp.gate.weight"}},
    {"deepseek_v3",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"kimi_k2",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"glm4_moe",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"dots1",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"gpt_oss", RoutingRule::top_k_softmax, {"mlp.router.weight"}, "mlp.router.bias"},
    {"granitemoe",
     RoutingRule::top_k_softmax,
     {"block_sparse_moe.router.layer.weight", "block_sparse_moe.router.weight"}},
    {"jetmoe", RoutingRule::top_k_softmax, {"mlp.router.layer.weight"}},
    {"ernie4_5_moe",
     RoutingRule::corrected_softmax,
     {"mlp.gate.weight"},
     "",
     "mlp.moe_statics.e_score_correction_bias"},
    {"llama4", RoutingRule::top_k_sigmoid, {"feed_forward.router.weight"}},
    {"minimax", RoutingRule::softmax_top_k, {"block_sparse_moe.gate.weight", "mlp.gate.weight"}},
    {"qwen3_vl_moe", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"qwen3_5_moe", RoutingRule::softmax_top_k, {"mlp.gate.weight"}},
    {"hunyuan_v1_moe", RoutingRule::softmax_top_k, {"mlp.gate.wg.weight"}},
    {"jamba",
     RoutingRule::softmax_top_k,
     {"feed_forward.router.weight"},
     "",
     "",
     "pre_ff_layernorm.weight"},
    {"glm4v_moe",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"glm_moe_dsa",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"exaone_moe",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.e_score_correction_bias"},
    {"solar_open",
     RoutingRule::grouped_sigmoid,
     {"mlp.gate.weight"},
     "",
     "mlp.gate.e_score_correction_bias"},
    {"afmoe",
     RoutingRule::grouped_sigmoid,
     {"mlp.router.gate.weight"},
     "",
     "mlp.expert_bias",
     "pre_mlp_layernorm.weight"},
    {"lfm2_moe",
     RoutingRule::grouped_sigmoid,
     {"feed_forward.gate.weight"},
     "",
     "feed_forward.expert_bias",
     "ffn_norm.weight"},
    {"nemotron_h",
     RoutingRule::grouped_sigmoid,
     {"mixer.gate.weight"},
     "",
     "mixer.gate.e_score_correction_bias",
     "norm.weight"},
    {"granitemoeshared",
     RoutingRule::top_k_softmax,
     {"block_sparse_moe.router.layer.weight", "block_sparse_moe.router.weight"}},
    {"granitemoehybrid",
     RoutingRule::top_k_softmax,
     {"block_sparse_moe.router.layer.weight", "block_sparse_moe.router.weight"}},
    {"aria", RoutingRule::top_k_softmax, {"mlp.router.weight"}},
};

TEST(ModelLayout, EachFamilyIsFoundUnderEachOfItsNames) {
    EXPECT_EQ(families().size(), kCases.size());
    for (const Case& c : kCases)
        for (const char* router : c.routers)
            for (const char* before :
                 {"model.", "", "model.language_model.", "language_model.model."}) {
                TinyModel model;
                model.config["model_type"] = c.type;
                const std::string layer = std::string(before) + "layers.1.";
                model.add(layer + router, {4, 3});
                if (*c.bias) model.add(layer + c.bias, {4});
                if (*c.correction) model.add(layer + c.correction, {1, 4});
                model.add(layer + "post_attention_layernorm.weight", {3});
                if (*c.norm) model.add(layer + c.norm, {3});
                const ModelLayout layout = laid_out(model);
                const ModelRouter* found = layout.find(1, "mlp");
                ASSERT_NE(found, nullptr) << c.type << " " << router;
                EXPECT_EQ(layout.family, c.type);
                EXPECT_EQ(layout.rule.rule, c.rule) << c.type;
                EXPECT_EQ(layout.rule.top_k, 2) << c.type;
                EXPECT_EQ(found->weight, layer + router);
                EXPECT_EQ(found->experts, 4);
                EXPECT_EQ(found->width, 3);
                EXPECT_EQ(found->bias, *c.bias ? layer + c.bias : "") << c.type;
                EXPECT_EQ(found->correction, *c.correction ? layer + c.correction : "") << c.type;
                EXPECT_EQ(found->gain, *c.norm ? layer + c.norm : "") << c.type;
                EXPECT_EQ(indices(layout), Layers{1});
                EXPECT_EQ(layout.dense, Layers{0});
                EXPECT_EQ(takes_correction(c.rule), *c.correction != 0) << c.type;
            }
}

TEST(ModelLayout, TwoRoutersOfALayerAreTwoPools) {
    TinyModel model;
    model.config["model_type"] = "jetmoe";
    model.add_routers(2, "mlp.router.layer.weight");
    model.add_routers(2, "self_attention.experts.router.layer.weight", 8);
    model.add("model.layers.0.input_layernorm.weight", {3});
    const ModelLayout layout = laid_out(model);
    ASSERT_NE(layout.find(0, "attention"), nullptr);
    EXPECT_EQ(layout.find(0, "attention")->experts, 8);
    EXPECT_EQ(layout.find(0, "attention")->gain, "model.layers.0.input_layernorm.weight");
    EXPECT_EQ(layout.find(0, "mlp")->experts, 4);
    EXPECT_EQ(layout.find(0, "other"), nullptr);
    EXPECT_EQ(layout.mixture_layers(), (Layers{0, 1}));
    EXPECT_EQ(router_prefix(1, "mlp"), "layers.1");
    EXPECT_EQ(router_prefix(1, "attention"), "layers.1.attention");
}

TEST(ModelLayout, LayersOfMultiTokenPredictionAreLabelled) {
    TinyModel model;
    model.config["model_type"] = "deepseek_v3";
    model.add_routers(3, "mlp.gate.weight");  // of two hidden layers
    const ModelLayout layout = laid_out(model);
    EXPECT_EQ(indices(layout), (Layers{0, 1, 2}));
    EXPECT_FALSE(layout.layers[1].prediction);
    EXPECT_TRUE(layout.layers[2].prediction);
    EXPECT_EQ(layout.mixture_layers(), (Layers{0, 1}));
    EXPECT_TRUE(layout.dense.empty());
    // Under a name of their own they do not hide the hidden layers of their number.
    TinyModel next;
    next.config["model_type"] = "qwen3_next";
    next.add_routers(2, "mlp.gate.weight");
    next.add_routers(1, "mlp.gate.weight", 4, 3, "mtp.");
    const ModelLayout named = laid_out(next);
    EXPECT_EQ(indices(named), (Layers{0, 1, 2}));
    EXPECT_EQ(named.find(0, "mlp")->weight, "model.layers.0.mlp.gate.weight");
    EXPECT_TRUE(named.layers[2].prediction);
}

TEST(ModelLayout, LayersOfMultiTokenPredictionNeverShadowHiddenOnes) {
    for (const char* before : {"mtp.", "model.mtp.", "nextn.", "aaa.mtp."})
        for (const bool said : {true, false}) {
            TinyModel model;
            model.config["model_type"] = "deepseek_v3";
            if (!said) model.config.erase("num_hidden_layers");
            model.add_routers(2, "mlp.gate.weight");
            model.add_routers(2, "mlp.gate.weight", 4, 3, before);
            const ModelLayout layout = laid_out(model);
            EXPECT_EQ(indices(layout), (Layers{0, 1, 2, 3})) << before << said;
            EXPECT_EQ(layout.hidden_layers, 2) << before << said;
            EXPECT_EQ(layout.mixture_layers(), (Layers{0, 1})) << before << said;
            for (const int64_t l : {0, 1}) {
                const std::string rest = "layers." + std::to_string(l) + ".mlp.gate.weight";
                EXPECT_EQ(layout.find(l, "mlp")->weight, "model." + rest) << before << said;
                EXPECT_EQ(layout.find(l + 2, "mlp")->weight, before + rest) << before << said;
                EXPECT_TRUE(layout.layers[static_cast<size_t>(l + 2)].prediction) << before;
            }
        }
    // One as a layer behind the hidden ones, another under a name of its own.
    TinyModel both;
    both.config["model_type"] = "glm4_moe";
    both.add_routers(3, "mlp.gate.weight");
    both.add_routers(1, "mlp.gate.weight", 4, 3, "mtp.");
    const ModelLayout layout = laid_out(both);
    EXPECT_EQ(indices(layout), (Layers{0, 1, 2, 3}));
    EXPECT_EQ(layout.find(2, "mlp")->weight, "model.layers.2.mlp.gate.weight");
    EXPECT_EQ(layout.find(3, "mlp")->weight, "mtp.layers.0.mlp.gate.weight");
    EXPECT_TRUE(layout.layers[2].prediction && layout.layers[3].prediction);
}

TEST(ModelLayout, ASmallerStackBesideTheModelDoesNotTakeItsName) {
    TinyModel model;
    model.add_routers(2, "mlp.gate.weight");
    model.add_routers(1, "mlp.gate.weight", 8, 5, "audio_tower.");
    model.config.erase("num_local_experts");
    model.config.erase("hidden_size");
    const ModelLayout layout = laid_out(model);
    EXPECT_EQ(layout.find(0, "mlp")->weight, "model.layers.0.mlp.gate.weight");
    EXPECT_EQ(layout.find(0, "audio_tower.mlp")->experts, 8);
}

bool warns(const ModelLayout& layout, const std::vector<std::string>& parts) {
    return std::any_of(
        layout.warnings.begin(), layout.warnings.end(), [&](const std::string& warning) {
            return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
                return warning.find(part) != std::string::npos;
            });
        });
}

TEST(ModelLayout, MoreLayersThanConfigurationSaysAreWarnedOf) {
    const auto of = [](const char* type, const TinyModel::Json& keys, int64_t routers,
                       const std::vector<const char*>& more = {}) {
        TinyModel model;
        model.config["model_type"] = type;
        if (keys.is_object()) model.config.update(keys);  // two hidden layers otherwise
        model.add_routers(routers, "mlp.gate.weight");
        for (const char* name : more) model.add(name, {3});
        return laid_out(model);
    };
    ModelLayout layout = of("qwen3_moe", {}, 4);
    EXPECT_TRUE(warns(layout, {"2 hidden layers", "4", "tensors count"}));
    EXPECT_EQ(layout.hidden_layers, 4);
    EXPECT_EQ(layout.mixture_layers(), (Layers{0, 1, 2, 3}));
    // Dense ones count as well, layers of another part of the model do not.
    layout = of("qwen3_moe", {}, 2, {"model.layers.2.mlp.up_proj.weight"});
    EXPECT_TRUE(warns(layout, {"2 hidden layers", "3", "tensors count"}));
    EXPECT_EQ(layout.dense, Layers{2});
    layout = of("qwen3_moe", {}, 2, {"visual.layers.7.mlp.up_proj.weight"});
    EXPECT_TRUE(layout.warnings.empty());
    EXPECT_EQ(layout.hidden_layers, 2);
    // Of one layer behind the others, as config.json or its own tensors say, tokens are predicted.
    layout = of("qwen3_moe", {{"num_nextn_predict_layers", 1}}, 3);
    EXPECT_TRUE(layout.layers[2].prediction);
    EXPECT_TRUE(layout.warnings.empty());
    layout = of("qwen3_moe", {}, 3, {"model.layers.2.eh_proj.weight"});
    EXPECT_TRUE(layout.layers[2].prediction);
    EXPECT_TRUE(layout.warnings.empty());
    // More than are announced are no such layers.
    layout = of("kimi_k2", {{"num_nextn_predict_layers", 1}}, 5);
    EXPECT_TRUE(warns(layout, {"2 hidden layers", "5", "tensors count"}));
    EXPECT_EQ(layout.mixture_layers(), (Layers{0, 1, 2, 3, 4}));
    layout = of("kimi_k2", {}, 4);
    EXPECT_EQ(layout.hidden_layers, 4);
}

TEST(ModelLayout, AWayToChooseThatIsNotKnownIsNotTakenForAnother) {
    const auto of = [](const char* type, const TinyModel::Json& keys) {
        TinyModel model;
        model.config["model_type"] = type;
        model.config.update(keys);
        model.add_routers(2, "mlp.gate.weight");
        return laid_out(model);
    };
    for (const auto& [type, keys] : std::vector<std::pair<const char*, TinyModel::Json>>{
             {"deepseek_v2", {{"topk_method", "noaux_tc"}}},
             {"deepseek_v2", {{"topk_method", "new_method"}}},
             {"deepseek_v2", {{"scoring_func", "sigmoid"}}},
             {"deepseek_v3", {{"topk_method", "greedy"}}},
             {"deepseek_v3", {{"scoring_func", "sqrtsoftplus"}, {"topk_method", "noaux_tc"}}},
             {"minimax_m2", {{"scoring_func", "softmax"}}},
             {"qwen3_moe", {{"scoring_func", "sigmoid"}}}}) {
        const ModelLayout layout = of(type, keys);
        EXPECT_EQ(layout.family, type);
        EXPECT_EQ(layout.rule.rule, RoutingRule::unknown) << type << keys.dump();
        EXPECT_EQ(layout.rule.top_k, 2);
        EXPECT_TRUE(warns(layout, {keys.begin().key(), keys.begin().value().get<std::string>(),
                                   "geometry alone"}))
            << type << keys.dump();
    }
    for (const auto& [type, keys] : std::vector<std::pair<const char*, TinyModel::Json>>{
             {"deepseek_v2", {{"topk_method", "greedy"}, {"scoring_func", "softmax"}}},
             {"deepseek_v3", {{"topk_method", "noaux_tc"}, {"scoring_func", "sigmoid"}}},
             {"dots1", {{"topk_method", "noaux_tc"}, {"scoring_func", "noaux_tc"}}},
             {"minimax_m2", {{"scoring_func", "sigmoid"}}}}) {
        const ModelLayout layout = of(type, keys);
        EXPECT_NE(layout.rule.rule, RoutingRule::unknown) << type << keys.dump();
        EXPECT_FALSE(warns(layout, {"geometry alone"})) << type << keys.dump();
    }
}

TEST(ModelLayout, CorrectionsAreFoundUnderEachOfTheirNames) {
    for (const auto& [type, name] : std::vector<std::pair<const char*, const char*>>{
             {"ernie4_5_moe", "mlp.gate.moe_statics.e_score_correction_bias"},
             {"ernie4_5_moe", "mlp.gate.e_score_correction_bias"},
             {"glm4_moe", "mlp.e_score_correction_bias"},
             {"minimax_m2", "mlp.gate.e_score_correction_bias"}}) {
        TinyModel model;
        model.config["model_type"] = type;
        model.config["num_hidden_layers"] = 1;
        model.add_routers(1, "mlp.gate.weight");
        model.add(std::string("model.layers.0.") + name, {4});
        const ModelLayout layout = laid_out(model);
        EXPECT_EQ(layout.find(0, "mlp")->correction, std::string("model.layers.0.") + name) << type;
        EXPECT_TRUE(layout.warnings.empty()) << type;
    }
}

TEST(ModelLayout, AnUnknownFamilyHasGeometryAlone) {
    TinyModel model;
    model.config["model_type"] = "new_moe";
    model.add("model.layers.0.ffn.router.proj.weight", {4, 3});
    model.add("model.layers.1.ffn.router.proj.weight", {4, 3});
    model.add("model.layers.1.attn.router.weight", {6, 3});
    // None of these routes.
    model.add("model.layers.1.mlp.gate_proj.weight", {8, 3});
    model.add("model.layers.1.mlp.shared_expert_gate.weight", {1, 3});
    model.add("model.layers.1.mlp.shared_expert.gate.weight", {8, 3});
    model.add("model.layers.1.mlp.experts.3.gate.weight", {8, 3});
    model.add("model.layers.1.other.gate.weight", {1, 3});
    model.add("model.layers.1.mlp.up_gate.weight", {8, 3});
    model.add("model.layers.1.third.gate.weight", {2, 3, 3});
    const ModelLayout layout = laid_out(model);
    EXPECT_EQ(layout.family, "unknown");
    EXPECT_EQ(layout.model_type, "new_moe");
    EXPECT_EQ(layout.rule.rule, RoutingRule::unknown);
    ASSERT_EQ(layout.layers.size(), 2u);
    ASSERT_EQ(layout.layers[0].routers.size(), 1u);
    EXPECT_EQ(layout.layers[0].routers[0].pool, "mlp");
    ASSERT_EQ(layout.layers[1].routers.size(), 2u);
    EXPECT_EQ(layout.layers[1].routers[0].pool, "attn.router");
    EXPECT_EQ(layout.layers[1].routers[1].pool, "ffn.router.proj");
}

TEST(ModelLayout, SharedExpertGatesAreNoRouters) {
    TinyModel model;
    model.config["model_type"] = "qwen2_moe";
    model.add_routers(2, "mlp.gate.weight");
    model.add("model.layers.0.mlp.shared_expert_gate.weight", {1, 3});
    const ModelLayout layout = laid_out(model);
    EXPECT_EQ(layout.layers[0].routers.size(), 1u);
}

TEST(ModelLayout, LayersThatConfigurationAndTensorsDisagreeOnAreWarnedOf) {
    struct Told {
        TinyModel::Json keys;
        Layers dense;  ///< of six
    };
    for (const auto& [keys, dense] :
         std::vector<Told>{{{{"first_k_dense_replace", 2}}, {0, 1}},
                           {{{"first_k_dense_replace", 1}, {"moe_layer_freq", 2}}, {0, 1, 3, 5}},
                           {{{"moe_layer_freq", {0, 1, 1, 0, 1, 1}}}, {0, 3}},
                           {{{"decoder_sparse_step", 2}, {"mlp_only_layers", {1}}}, {0, 1, 2, 4}},
                           {{{"moe_layer_start_index", 1}, {"moe_layer_end_index", 4}}, {0, 5}},
                           {{{"moe_layer_interval", 3}}, {0, 1, 3, 4}},
                           {{{"moe_layers", {1, 3, 5}}}, {0, 2, 4}}}) {
        TinyModel model;
        model.config["num_hidden_layers"] = 6;
        model.config.update(keys);
        for (const int64_t l : dense) model.add_dense(l);
        for (int64_t l = 0; l < 6; ++l)
            if (std::find(dense.begin(), dense.end(), l) == dense.end())
                model.add("model.layers." + std::to_string(l) + ".mlp.gate.weight", {4, 3});
        EXPECT_TRUE(laid_out(model).warnings.empty()) << keys.dump();
        // One too many and one too few.
        const int64_t more = dense[0];
        model.add("model.layers." + std::to_string(more) + ".mlp.gate.weight", {4, 3});
        const auto warnings = laid_out(model).warnings;
        ASSERT_EQ(warnings.size(), 1u) << keys.dump();
        EXPECT_NE(warnings[0].find("layers " + std::to_string(more) + " are dense"),
                  std::string::npos);
    }
    TinyModel model;
    model.config["first_k_dense_replace"] = 0;
    model.add("model.layers.1.mlp.gate.weight", {4, 3});
    auto warnings = laid_out(model).warnings;
    ASSERT_EQ(warnings.size(), 2u);
    EXPECT_NE(warnings[0].find("2 hidden layers; of layers 0 there are no tensors"),
              std::string::npos)
        << warnings[0];
    model.add_dense(0);
    warnings = laid_out(model).warnings;
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("gives layers 0 a mixture"), std::string::npos) << warnings[0];
}

TEST(ModelLayout, WhatNoModelHasIsRefused) {
    const auto refusal = [](const auto& change) {
        TinyModel model;
        model.add_routers(2, "mlp.gate.weight");
        change(model);
        const auto opened = ModelFolder::open(model.save());
        EXPECT_TRUE(opened) << opened.error().message;
        return layout_of(*opened);
    };
    EXPECT_EQ(lacks(refusal([](TinyModel& m) { m.config["num_experts_per_tok"] = "two"; }),
                    {"config.json", "num_experts_per_tok", "two"}),
              "");
    EXPECT_EQ(lacks(refusal([](TinyModel& m) { m.config["num_hidden_layers"] = -1; }),
                    {"config.json", "num_hidden_layers", "-1"}),
              "");
    EXPECT_EQ(lacks(refusal([](TinyModel& m) { m.config["num_hidden_layers"] = 1e9; }),
                    {"num_hidden_layers"}),
              "");
    EXPECT_EQ(lacks(refusal([](TinyModel& m) { m.add("model.layers.0.mlp.gate.weight", {12}); }),
                    {"model.layers.0.mlp.gate.weight", "[12]", "experts"}),
              "");
    EXPECT_EQ(lacks(refusal([](TinyModel& m) {
                        m.config["model_type"] = "gpt_oss";
                        m.add_routers(1, "mlp.router.weight");
                        m.add("model.layers.0.mlp.router.bias", {5});
                    }),
                    {"mlp.router.bias", "[5]", "[4]"}),
              "");
    TinyModel dense;
    dense.config["model_type"] = "llama";
    dense.add("model.layers.0.mlp.gate_proj.weight", {8, 3});
    EXPECT_EQ(lacks(layout_of(*ModelFolder::open(dense.save())), {"no router", "llama"}), "");
}

TEST(ModelLayout, AMissingCorrectionIsWarnedOf) {
    TinyModel model;
    model.config["model_type"] = "dots1";
    model.add_routers(1, "mlp.gate.weight");
    model.add_dense(1);
    const ModelLayout layout = laid_out(model);
    ASSERT_EQ(layout.warnings.size(), 1u);
    EXPECT_NE(layout.warnings[0].find("correction is missing"), std::string::npos);
}

TEST(RouterTensors, GainsOfNormsFromOneAreWhatTheyMultiplyBy) {
    for (const bool from_one : {false, true}) {
        TinyModel model;
        model.config["model_type"] = from_one ? "qwen3_next" : "qwen3_moe";
        model.add("model.layers.0.mlp.gate.weight", {2, 3}, {1, 2, 3, 4, 5, 6});
        model.add("model.layers.0.post_attention_layernorm.weight", {3}, {0.5f, 0, -0.25f});
        const auto opened = ModelFolder::open(model.save());
        const auto layout = layout_of(*opened);
        const auto tensors = read_router(*opened, *layout, *layout->find(0, "mlp"));
        ASSERT_TRUE(tensors);
        EXPECT_EQ(tensors->rows, (std::vector<float>{1, 2, 3, 4, 5, 6}));
        const float one = from_one;
        EXPECT_EQ(tensors->gain, (std::vector<float>{one + 0.5f, one, one - 0.25f}));
        EXPECT_TRUE(tensors->bias.empty());
    }
}

TEST(ParameterCounts, GroupsFollowNames) {
    TinyModel model;
    model.config["model_type"] = "deepseek_v3";
    model.add("model.embed_tokens.weight", {5, 3});                              // 15
    model.add("lm_head.weight", {5, 3});                                         // 15
    model.add("model.norm.weight", {3});                                         // 3
    model.add("model.layers.0.self_attn.q_proj.weight", {3, 3});                 // 9
    model.add("model.layers.0.mlp.up_proj.weight", {2, 3});                      // 6
    model.add("model.layers.1.mlp.gate.weight", {4, 3});                         // 12
    model.add("model.layers.1.mlp.gate.e_score_correction_bias", {4});           // 4
    model.add("model.layers.1.mlp.experts.0.up_proj.weight", {2, 3});            // 6
    model.add("model.layers.1.mlp.experts.0.up_proj.weight_scale_inv", {1, 1});  // scales
    model.add("model.layers.1.mlp.shared_experts.up_proj.weight", {1, 3});       // 3
    model.add("model.layers.1.input_layernorm.weight", {3});                     // 3
    model.add("visual.patch.weight", {7});                                       // 7
    model.add("model.layers.1.mlp.experts.down_proj_scales", {9});               // scales
    model.add("model.layers.1.mlp.input_linear.weight", {2, 1, 1});              // 2
    model.add("model.layers.1.mlp.output_linear.weight", {2, 2, 1});             // 4
    const auto opened = ModelFolder::open(model.save());
    const auto counts = parameter_counts(*opened, *layout_of(*opened));
    EXPECT_EQ(counts, (NamedCounts{{"total", 89},
                                   {"routing", 16},
                                   {"experts", 12},
                                   {"shared_experts", 3},
                                   {"attention", 9},
                                   {"embedding", 15},
                                   {"head", 15},
                                   {"norms", 6},
                                   {"dense", 6},
                                   {"other", 7}}));
    EXPECT_EQ(dtype_counts(*opened), (NamedCounts{{"F32", 99}}));
}

TEST(ImportedDocument, ReadsBackWhatItWrote) {
    for (const Case& c : kCases) {
        TinyModel model;
        model.config["model_type"] = c.type;
        model.config["n_group"] = 2;
        model.config["topk_group"] = 2;
        if (c.rule == RoutingRule::grouped_softmax)
            model.config["topk_method"] = "group_limited_greedy";
        model.add_routers(3, c.routers[0]);
        if (*c.correction) model.add(std::string("model.layers.0.") + c.correction, {4});
        const ModelLayout layout = laid_out(model);
        OrderedJson json = {{"format", kImportedFormat}};
        json.update(layout_json(layout, {{"total", 3}, {"routing", 2}}, {{"F32", 3}}));
        const auto parsed = parse_imported(json.dump(), "imported.json");
        ASSERT_TRUE(parsed) << parsed.error().message;
        const ModelLayout* again = &parsed->layout;
        EXPECT_TRUE(parsed->traces.empty());
        EXPECT_EQ(again->family, layout.family);
        EXPECT_EQ(again->rule, layout.rule) << c.type;
        EXPECT_EQ(again->layers, layout.layers) << c.type;
        EXPECT_EQ(again->dense, layout.dense);
        EXPECT_EQ(again->gain_from_one, layout.gain_from_one);
        EXPECT_EQ(again->warnings, layout.warnings);
        EXPECT_EQ(json["router_parameters"], 2);
    }
}

}  // namespace
}  // namespace hopscope::core
