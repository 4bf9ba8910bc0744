// How a published mixture goes from a router's logits to experts and weights [def:routing_rule]:
// each rule as the library that runs the model has it, in fp32. Plain values and pure functions,
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/api/kinds.h"
#include "core/base/result.h"

namespace hopscope::core {

/// z: logits, p = softmax(z), s = sigmoid(z), S: what is chosen, w: weights.
enum class RoutingRule : uint8_t {
    unknown,            ///< the family is not in the table: its rows can be shown, not applied
    softmax_top_k,      ///< S = top k of p; w = p_S, divided by its sum where `normalise`
    grouped_softmax,    ///< of the groups with the largest p; w = p_S · scale
    grouped_sigmoid,    ///< S = top k of s + correction in the groups with the largest two of it
    top_k_softmax,      ///< S = top k of z; w = softmax(z_S)
    sparse_mixer,       ///< two experts in turn, each against what is not far below it
    corrected_sigmoid,  ///< S = top k of s + correction; w = s_S / Σ
    corrected_softmax,  ///< S = top k of p + correction; w = p_S / max(Σ, least_sum)
    top_k_sigmoid       ///< S = top k of z; w = s_S
};
constexpr auto words_of(RoutingRule) {
    return words("unknown", "softmax_top_k", "grouped_softmax", "grouped_sigmoid", "top_k_softmax",
                 "sparse_mixer", "corrected_sigmoid", "corrected_softmax", "top_k_sigmoid");
}

/// A rule with the numbers that a model's configuration gives it.
struct RuleSettings {
    RoutingRule rule = RoutingRule::unknown;
    int64_t top_k = 0;       ///< 0: the configuration does not say it
    bool normalise = false;  ///< softmax_top_k, grouped_sigmoid: weights divided by their sum
    int64_t groups = 1;      ///< of neighbouring experts, all of one size; 1: none
    int64_t kept_groups = 1;
    float scale = 1;      ///< grouped rules: on the weights
    float jitter = 0;     ///< sparse_mixer: router_jitter_noise
    float least_sum = 0;  ///< corrected_softmax: moe_norm_min
    bool operator==(const RuleSettings&) const = default;
};

/// Whether the rule reads a correction, one number an expert that acts on the choice alone.
bool takes_correction(RoutingRule rule);

/// Whether the rule can be applied to so many experts. Errors (usage), as a clause: the rule or k
/// is unknown, k > experts, groups that do not divide, fewer experts in the kept groups than k.
Status check_rule(const RuleSettings& settings, int64_t experts);

/// What was chosen for T tokens.
struct RoutedTokens {
    std::vector<int32_t> experts;  ///< [T, k] by falling weight, ties by lowest index
    std::vector<float> weights;    ///< [T, k]
};

/// Applies a rule that check_rule() accepts.
/// @param logits [T, experts], finite; correction [experts], or empty where the rule takes none
RoutedTokens apply_rule(const RuleSettings& settings, std::span<const float> logits,
                        std::span<const float> correction, int64_t experts);

/// The weights of one token's experts, whether the rule chooses them or not.
/// @param logits [experts], finite; correction as above; experts k different ones
/// @return [k]
std::vector<float> weights_of(const RuleSettings& settings, std::span<const float> logits,
                              std::span<const float> correction, std::span<const int32_t> experts);

/// A router that computes in bf16 chooses by logits that are rounded: the first of one token's
/// `experts` that the rule does not choose even with each logit moved by half the distance of
/// neighbouring bf16 numbers, those of `experts` up and all others down. Parameters as above.
std::optional<int32_t> beyond_rounding(const RuleSettings& settings, std::span<const float> logits,
                                       std::span<const float> correction,
                                       std::span<const int32_t> experts);

/// Entropy (nats) and largest entry of softmax(z) of each token, as [def:entropy] has them.
struct Confidence {
    std::vector<float> entropy, max_prob;  ///< [T]
};
Confidence confidence_of(std::span<const float> logits, int64_t experts);

/// The first logit that is not finite: its place in `logits`.
std::optional<size_t> first_not_finite(std::span<const float> values);

/// z = W x + b. Sums are formed in fp64 and rounded once, so that they do not depend on the
/// processor.
/// @param rows [experts, d]; input [T, d]; bias [experts] or empty
/// @return [T, experts]
std::vector<float> router_logits(std::span<const float> rows, std::span<const float> bias,
                                 std::span<const float> input, int64_t experts);

}  // namespace hopscope::core
