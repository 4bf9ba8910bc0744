#include "core/imported/families.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace hopscope::core {
namespace {

constexpr std::string_view kNorm = "post_attention_layernorm.weight";

/// As older files have them, a tensor for each matrix of each expert, and as newer ones may.
constexpr ExpertForm kProjections{"mlp.experts.{}.gate_proj.weight",
                                  "mlp.experts.{}.up_proj.weight",
                                  "mlp.experts.{}.down_proj.weight"};
constexpr ExpertForm kMerged{"mlp.experts.gate_up_proj", "mlp.experts.gate_up_proj",
                             "mlp.experts.down_proj"};
constexpr ExpertForm kNumbered{"block_sparse_moe.experts.{}.w1.weight",
                               "block_sparse_moe.experts.{}.w3.weight",
                               "block_sparse_moe.experts.{}.w2.weight"};
constexpr ExpertForm kMergedSparse{"block_sparse_moe.experts.gate_up_proj",
                                   "block_sparse_moe.experts.gate_up_proj",
                                   "block_sparse_moe.experts.down_proj"};
constexpr ExpertForm kSparseLinear{"block_sparse_moe.input_linear.weight",
                                   "block_sparse_moe.input_linear.weight",
                                   "block_sparse_moe.output_linear.weight"};
constexpr ExpertForm kLinear{"mlp.input_linear.weight", "mlp.input_linear.weight",
                             "mlp.output_linear.weight"};
/// Attention that is a mixture: an expert reads queries and writes outputs, without a gate.
constexpr ExpertForm kQueries{"", "self_attention.experts.input_linear.weight",
                              "self_attention.experts.output_linear.weight"};
constexpr ExpertForm kColumnsInTurn{"mlp.experts.gate_up_proj", "mlp.experts.gate_up_proj",
                                    "mlp.experts.down_proj", /*transposed=*/true,
                                    /*in_turn=*/true};
constexpr ExpertForm kPacked{"mlp.experts.gate_up_proj_blocks", "mlp.experts.gate_up_proj_blocks",
                             "mlp.experts.down_proj_blocks", /*transposed=*/false,
                             /*in_turn=*/true};
constexpr ExpertForm kColumns{"feed_forward.experts.gate_up_proj",
                              "feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj",
                              /*transposed=*/true};

constexpr ExpertForm kFeedForward{"feed_forward.experts.{}.gate_proj.weight",
                                  "feed_forward.experts.{}.up_proj.weight",
                                  "feed_forward.experts.{}.down_proj.weight"};
constexpr ExpertForm kNumberedForward{"feed_forward.experts.{}.w1.weight",
                                      "feed_forward.experts.{}.w3.weight",
                                      "feed_forward.experts.{}.w2.weight"};
constexpr ExpertForm kMixer{"", "mixer.experts.{}.up_proj.weight",
                            "mixer.experts.{}.down_proj.weight"};
constexpr ExpertForm kGrouped{"mlp.experts.fc1.weight", "mlp.experts.fc1.weight",
                              "mlp.experts.fc2.weight", /*transposed=*/true};

RouterNames gate(TensorNames correction = {}) {
    return {kOwnPool, {"mlp.gate.weight"},    {}, std::move(correction),
            kNorm,    {kProjections, kMerged}};
}

/// Older and newer library names of the same router.
RouterNames sparse_gate(TensorNames newer, TensorNames correction = {}) {
    newer.insert(newer.begin(), "block_sparse_moe.gate.weight");
    return {kOwnPool, std::move(newer),
            {},       std::move(correction),
            kNorm,    {kNumbered, kMerged, kMergedSparse}};
}

RouterNames corrected_gate() {
    return gate({"mlp.gate.e_score_correction_bias", "mlp.e_score_correction_bias"});
}

RouterNames granite_router() {
    return {kOwnPool, {"block_sparse_moe.router.layer.weight", "block_sparse_moe.router.weight"},
            {},       {},
            kNorm,    {kSparseLinear, kMergedSparse, kMerged}};
}

// clang-format off
std::vector<Family> table() {
    using enum RoutingRule;
    return {
        {.model_type = "mixtral", .rule = softmax_top_k, .routers = {sparse_gate({"mlp.gate.weight"})},
         .always_divides = true},
        {.model_type = "phimoe", .rule = sparse_mixer, .routers = {sparse_gate({"mlp.router.weight", "mlp.gate.weight"})},
         .jitter = 0.01f},
        {.model_type = "minimax_m2", .rule = corrected_sigmoid,
         .routers = {sparse_gate({"mlp.gate.weight"}, {"block_sparse_moe.e_score_correction_bias", "mlp.e_score_correction_bias",
                                                       "mlp.gate.e_score_correction_bias"})}},
        {.model_type = "olmoe", .rule = softmax_top_k, .routers = {gate()}},
        // Its norms stand behind attention and experts, none before the router.
        {.model_type = "flex_olmo", .rule = softmax_top_k, .routers = {{kOwnPool, {"mlp.gate.weight"}, {}, {}, "", {kProjections, kMerged}}}},
        {.model_type = "qwen2_moe", .rule = softmax_top_k, .routers = {gate()}},
        {.model_type = "qwen3_moe", .rule = softmax_top_k, .routers = {gate()}},
        {.model_type = "qwen3_next", .rule = softmax_top_k, .routers = {gate()}, .normalise = true, .gain_from_one = true},
        {.model_type = "deepseek_v2", .rule = grouped_softmax, .routers = {gate()}},
        {.model_type = "deepseek_v3", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true, .groups = 8,
         .kept_groups = 4, .scale = 2.5f, .predicts = true},
        {.model_type = "kimi_k2", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true, .predicts = true},
        {.model_type = "glm4_moe", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true, .predicts = true},
        {.model_type = "dots1", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .predicts = true},
        {.model_type = "gpt_oss", .rule = top_k_softmax,
         .routers = {{kOwnPool, {"mlp.router.weight"}, {"mlp.router.bias"}, {}, kNorm, {kPacked, kColumnsInTurn}}}},
        {.model_type = "granitemoe", .rule = top_k_softmax, .routers = {granite_router()}},
        {.model_type = "jetmoe", .rule = top_k_softmax,
         .routers = {{kOwnPool, {"mlp.router.layer.weight", "mlp.router.weight"}, {}, {}, kNorm, {kLinear, kMerged}},
                     {"attention", {"self_attention.experts.router.layer.weight", "self_attention.experts.router.weight"},
                      {}, {}, "input_layernorm.weight", {kQueries}}}},
        {.model_type = "ernie4_5_moe", .rule = corrected_softmax,
         .routers = {gate({"mlp.moe_statics.e_score_correction_bias", "mlp.gate.moe_statics.e_score_correction_bias",
                           "mlp.gate.e_score_correction_bias"})}, .least_sum = 1e-12f},
        // Of families above, under names of their own.
        {.model_type = "minimax", .rule = softmax_top_k, .routers = {sparse_gate({"mlp.gate.weight"})}, .always_divides = true},
        {.model_type = "qwen3_vl_moe", .rule = softmax_top_k, .routers = {gate()}, .always_divides = true},
        {.model_type = "qwen3_5_moe", .rule = softmax_top_k, .routers = {gate()}, .always_divides = true, .gain_from_one = true},
        {.model_type = "hunyuan_v1_moe", .rule = softmax_top_k, .routers = 
         {{kOwnPool, {"mlp.gate.wg.weight"}, {}, {}, kNorm, {kProjections, kMerged}}},
         .always_divides = true},
        {.model_type = "jamba", .rule = softmax_top_k,
         .routers = {{kOwnPool, {"feed_forward.router.weight"}, {}, {}, "pre_ff_layernorm.weight", {kFeedForward}}}},
        {.model_type = "glm4v_moe", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true, .predicts = true},
        {.model_type = "glm_moe_dsa", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true, .predicts = true},
        {.model_type = "exaone_moe", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true},
        {.model_type = "solar_open", .rule = grouped_sigmoid, .routers = {corrected_gate()}, .normalise = true},
        {.model_type = "afmoe", .rule = grouped_sigmoid,
         .routers = {{kOwnPool, {"mlp.router.gate.weight"}, {}, {"mlp.expert_bias"}, "pre_mlp_layernorm.weight", {kProjections, kMerged}}},
         .always_divides = true},
        // Its library adds 1e-6 to the sum that it divides by, where others add 1e-20.
        {.model_type = "lfm2_moe", .rule = grouped_sigmoid,
         .routers = {{kOwnPool, {"feed_forward.gate.weight"}, {}, {"feed_forward.expert_bias"}, "ffn_norm.weight",
                      {kNumberedForward}}},
         .normalise = true},
        {.model_type = "nemotron_h", .rule = grouped_sigmoid,
         .routers = {{kOwnPool, {"mixer.gate.weight"}, {}, {"mixer.gate.e_score_correction_bias"}, "norm.weight",
                      {kMixer}}},
         .normalise = true},
        {.model_type = "granitemoeshared", .rule = top_k_softmax, .routers = {granite_router()}},
        {.model_type = "granitemoehybrid", .rule = top_k_softmax, .routers = {granite_router()}},
        {.model_type = "aria", .rule = top_k_softmax, .routers = 
         {{kOwnPool, {"mlp.router.weight"}, {}, {}, kNorm, {kGrouped}}}},
        {.model_type = "llama4", .rule = top_k_sigmoid, .routers = {{kOwnPool, {"feed_forward.router.weight"}, {}, {}, kNorm, {kColumns}}}},
    };
}
// clang-format on

}  // namespace

const std::vector<Family>& families() {
    static const std::vector<Family> kFamilies = table();
    return kFamilies;
}

const Family* find_family(std::string_view model_type) {
    const auto found =
        std::find_if(families().begin(), families().end(),
                     [&](const Family& family) { return family.model_type == model_type; });
    return found == families().end() ? nullptr : &*found;
}

bool sounds_like_router(std::string_view name) {
    constexpr std::array<std::string_view, 5> kEndings = {
        "gate.weight", "router.weight", "router.layer.weight", "router.proj.weight",
        "router.gate.weight"};
    const auto ends = [&](std::string_view ending) {
        return name.ends_with(ending) &&
               (name.size() == ending.size() || name[name.size() - ending.size() - 1] == '.');
    };
    if (std::none_of(kEndings.begin(), kEndings.end(), ends)) return false;
    // The gate matrix of an expert, or of the one that all tokens pass, routes nothing.
    if (name.find("shared_expert") != std::string_view::npos) return false;
    constexpr std::string_view kExperts = "experts.";
    const size_t at = name.find(kExperts);
    return at == std::string_view::npos || at + kExperts.size() >= name.size() ||
           !std::isdigit(static_cast<unsigned char>(name[at + kExperts.size()]));
}

}  // namespace hopscope::core
