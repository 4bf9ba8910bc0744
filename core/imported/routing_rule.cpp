#include "core/imported/routing_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace hopscope::core {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// softmax in fp32: exponentials and sum in fp64, each probability rounded once. Entries at −∞ are
/// 0.
std::vector<float> softmax(std::span<const float> z) {
    const double top = *std::max_element(z.begin(), z.end());
    std::vector<double> e(z.size());
    double sum = 0;
    for (size_t i = 0; i < z.size(); ++i) sum += e[i] = std::exp(z[i] - top);
    std::vector<float> p(z.size());
    for (size_t i = 0; i < z.size(); ++i) p[i] = static_cast<float>(e[i] / sum);
    return p;
}

std::vector<float> sigmoid(std::span<const float> z) {
    std::vector<float> s(z.size());
    for (size_t i = 0; i < z.size(); ++i)
        s[i] = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(z[i]))));
    return s;
}

/// The places of the k largest, by falling value, ties by lowest index.
std::vector<int32_t> top(std::span<const float> values, int64_t k) {
    std::vector<int32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    const auto larger = [&](int32_t a, int32_t b) {
        const float x = values[static_cast<size_t>(a)], y = values[static_cast<size_t>(b)];
        return x != y ? x > y : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), larger);
    order.resize(static_cast<size_t>(k));
    return order;
}

/// `values` with what stands outside of the kept groups at −∞. `score` rates the values of a group.
template <class Score>
std::vector<float> within_groups(std::span<const float> values, const RuleSettings& s,
                                 Score score) {
    const size_t size = values.size() / static_cast<size_t>(s.groups);
    std::vector<float> scores;
    for (size_t g = 0; g < values.size(); g += size)
        scores.push_back(score(values.subspan(g, size)));
    std::vector<float> out(values.size(), kNever);
    for (const int32_t g : top(scores, s.kept_groups)) {
        const size_t begin = static_cast<size_t>(g) * size;
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(begin), size,
                    out.begin() + static_cast<std::ptrdiff_t>(begin));
    }
    return out;
}

float largest(std::span<const float> group) {
    return *std::max_element(group.begin(), group.end());
}

float sum_of_two_largest(std::span<const float> group) {
    float sum = 0;
    for (const int32_t i : top(group, std::min<int64_t>(2, static_cast<int64_t>(group.size()))))
        sum += group[static_cast<size_t>(i)];
    return sum;
}

std::vector<float> plus(std::vector<float> values, std::span<const float> correction) {
    for (size_t i = 0; i < values.size(); ++i) values[i] += correction[i];
    return values;
}

/// What a rule makes its choice of.
struct Token {
    std::span<const float> z, correction;
    std::span<const int32_t> given = {};  ///< what was chosen already; empty: the rule chooses
};

std::vector<int32_t> choice(const Token& token, std::span<const float> values, int64_t k) {
    if (token.given.empty()) return top(values, k);
    return {token.given.begin(), token.given.end()};
}

/// One token's experts and weights, in the order in which the rule finds them.
struct Chosen {
    std::vector<int32_t> experts;
    std::vector<float> weights;

    Chosen(std::vector<int32_t> chosen, std::span<const float> scores)
        : experts(std::move(chosen)) {
        for (const int32_t e : experts) weights.push_back(scores[static_cast<size_t>(e)]);
    }
    float sum() const { return std::accumulate(weights.begin(), weights.end(), 0.0f); }
    Chosen& divide(float by) {
        for (float& w : weights) w /= by;
        return *this;
    }
    Chosen& multiply(float by) {
        for (float& w : weights) w *= by;
        return *this;
    }
};

Chosen softmax_top_k(const RuleSettings& s, const Token& token) {
    const auto p = softmax(token.z);
    Chosen out(choice(token, p, s.top_k), p);
    return s.normalise ? out.divide(out.sum()) : out;
}

Chosen grouped_softmax(const RuleSettings& s, const Token& token) {
    const auto p = softmax(token.z);
    Chosen out(choice(token, within_groups(p, s, largest), s.top_k), p);
    return out.multiply(s.scale);
}

Chosen grouped_sigmoid(const RuleSettings& s, const Token& token) {
    constexpr float kNoZero = 1e-20f;  // as the library divides
    const auto scores = sigmoid(token.z);
    const auto corrected = plus(scores, token.correction);
    Chosen out(choice(token, within_groups(corrected, s, sum_of_two_largest), s.top_k), scores);
    if (s.normalise) out.divide(out.sum() + kNoZero);
    return out.multiply(s.scale);
}

Chosen top_k_softmax(const RuleSettings& s, const Token& token) {
    Chosen out(choice(token, token.z, s.top_k), token.z);
    out.weights = softmax(out.weights);
    return out;
}

/// One step of the sparse mixer: the largest of `left` (of those in it that were given), and its
/// softmax over those of `left` that are not far below it. How far is measured by the logits as
/// they were, z.
std::pair<int32_t, float> mixer_step(const Token& token, std::span<const float> left,
                                     float jitter) {
    const std::span<const float> z = token.z;
    int32_t best = top(left, 1)[0];
    if (!token.given.empty())
        best = *std::max_element(token.given.begin(), token.given.end(), [&](int32_t a, int32_t b) {
            return left[static_cast<size_t>(a)] < left[static_cast<size_t>(b)];
        });
    const float m = left[static_cast<size_t>(best)];
    std::vector<float> kept(left.begin(), left.end());
    for (size_t i = 0; i < z.size(); ++i)
        if ((m - z[i]) / std::max(std::abs(z[i]), m) > 2 * jitter) kept[i] = kNever;
    return {best, softmax(kept)[static_cast<size_t>(best)]};
}

Chosen sparse_mixer(const RuleSettings& s, const Token& token) {
    std::vector<float> left(token.z.begin(), token.z.end());
    Chosen out({}, token.z);
    for (int64_t turn = 0; turn < s.top_k; ++turn) {
        const auto [expert, weight] = mixer_step(token, left, s.jitter);
        out.experts.push_back(expert);
        out.weights.push_back(weight);
        left[static_cast<size_t>(expert)] = kNever;
    }
    return out;
}

Chosen corrected_sigmoid(const RuleSettings& s, const Token& token) {
    const auto scores = sigmoid(token.z);
    Chosen out(choice(token, plus(scores, token.correction), s.top_k), scores);
    return out.divide(out.sum());
}

Chosen corrected_softmax(const RuleSettings& s, const Token& token) {
    const auto p = softmax(token.z);
    Chosen out(choice(token, plus(p, token.correction), s.top_k), p);
    return out.divide(std::max(out.sum(), s.least_sum));
}

Chosen chosen(const RuleSettings& s, const Token& token) {
    switch (s.rule) {
        case RoutingRule::unknown:
            break;
        case RoutingRule::softmax_top_k:
            return softmax_top_k(s, token);
        case RoutingRule::grouped_softmax:
            return grouped_softmax(s, token);
        case RoutingRule::grouped_sigmoid:
            return grouped_sigmoid(s, token);
        case RoutingRule::top_k_softmax:
            return top_k_softmax(s, token);
        case RoutingRule::sparse_mixer:
            return sparse_mixer(s, token);
        case RoutingRule::corrected_sigmoid:
            return corrected_sigmoid(s, token);
        case RoutingRule::corrected_softmax:
            return corrected_softmax(s, token);
        case RoutingRule::top_k_sigmoid:
            return Chosen(choice(token, token.z, s.top_k), sigmoid(token.z));
    }
    return {{}, token.z};
}

}  // namespace

bool takes_correction(RoutingRule rule) {
    return rule == RoutingRule::grouped_sigmoid || rule == RoutingRule::corrected_sigmoid ||
           rule == RoutingRule::corrected_softmax;
}

Status check_rule(const RuleSettings& s, int64_t experts) {
    const auto number = [](int64_t n) { return std::to_string(n); };
    if (s.rule == RoutingRule::unknown)
        return usage_error("the rule from logits to experts is not known");
    if (s.top_k == 0) return usage_error("the number of experts a token is not known");
    if (s.top_k < 1 || s.top_k > experts)
        return usage_error(number(s.top_k) + " experts a token found, allowed 1 … " +
                           number(experts));
    if (s.rule == RoutingRule::sparse_mixer && s.top_k != 2)
        return usage_error(number(s.top_k) + " experts a token found, the sparse mixer chooses 2");
    if (s.groups < 1 || experts % s.groups != 0)
        return usage_error(number(s.groups) + " groups found, which do not divide " +
                           number(experts) + " experts");
    if (s.kept_groups < 1 || s.kept_groups > s.groups)
        return usage_error(number(s.kept_groups) + " groups to keep found, allowed 1 … " +
                           number(s.groups));
    if (const int64_t left = experts / s.groups * s.kept_groups; s.top_k > left)
        return usage_error(number(s.top_k) +
                           " experts a token found, the groups that are kept have " + number(left));
    return {};
}

RoutedTokens apply_rule(const RuleSettings& settings, std::span<const float> logits,
                        std::span<const float> correction, int64_t experts) {
    RoutedTokens out;
    for (size_t t = 0; t < logits.size(); t += static_cast<size_t>(experts)) {
        const Chosen found =
            chosen(settings, {logits.subspan(t, static_cast<size_t>(experts)), correction});
        std::vector<size_t> order(found.experts.size());
        std::iota(order.begin(), order.end(), size_t{0});
        // Weights whose sum underflowed are no numbers, and have no order.
        if (!first_not_finite(found.weights))
            std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
                if (found.weights[a] != found.weights[b])
                    return found.weights[a] > found.weights[b];
                return found.experts[a] < found.experts[b];
            });
        for (const size_t i : order) {
            out.experts.push_back(found.experts[i]);
            out.weights.push_back(found.weights[i]);
        }
    }
    return out;
}

std::vector<float> weights_of(const RuleSettings& settings, std::span<const float> logits,
                              std::span<const float> correction, std::span<const int32_t> experts) {
    const Chosen found = chosen(settings, {logits, correction, experts});
    std::vector<float> out;
    for (const int32_t e : experts) {
        const auto at = std::find(found.experts.begin(), found.experts.end(), e);
        out.push_back(found.weights[static_cast<size_t>(at - found.experts.begin())]);
    }
    return out;
}

std::optional<int32_t> beyond_rounding(const RuleSettings& settings, std::span<const float> logits,
                                       std::span<const float> correction,
                                       std::span<const int32_t> experts) {
    constexpr int kBits = 7;          // behind the point
    constexpr float kHalf = 0.5005f;  // of two numbers a whole step apart either may be the larger
    constexpr float kMost = std::numeric_limits<float>::max();
    std::vector<float> moved(logits.begin(), logits.end());
    for (size_t e = 0; e < moved.size(); ++e) {
        const bool was =
            std::find(experts.begin(), experts.end(), static_cast<int32_t>(e)) != experts.end();
        const float step = moved[e] == 0 ? 0 : std::ldexp(1.0f, std::ilogb(moved[e]) - kBits);
        moved[e] = std::clamp(moved[e] + (was ? kHalf : -kHalf) * step, -kMost, kMost);
    }
    const Chosen found = chosen(settings, {moved, correction});
    for (const int32_t e : experts)
        if (std::find(found.experts.begin(), found.experts.end(), e) == found.experts.end())
            return e;
    return std::nullopt;
}

Confidence confidence_of(std::span<const float> logits, int64_t experts) {
    Confidence out;
    for (size_t t = 0; t < logits.size(); t += static_cast<size_t>(experts)) {
        const auto p = softmax(logits.subspan(t, static_cast<size_t>(experts)));
        double entropy = 0;
        for (const float x : p)
            if (x > 0) entropy -= x * std::log(static_cast<double>(x));
        out.entropy.push_back(static_cast<float>(entropy));
        out.max_prob.push_back(*std::max_element(p.begin(), p.end()));
    }
    return out;
}

std::optional<size_t> first_not_finite(std::span<const float> values) {
    const auto found =
        std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
    if (found == values.end()) return std::nullopt;
    return static_cast<size_t>(found - values.begin());
}

std::vector<float> router_logits(std::span<const float> rows, std::span<const float> bias,
                                 std::span<const float> input, int64_t experts) {
    const size_t d = rows.size() / static_cast<size_t>(experts);
    std::vector<float> out;
    out.reserve(input.size() / d * static_cast<size_t>(experts));
    for (size_t t = 0; t < input.size(); t += d)
        for (size_t e = 0; e < static_cast<size_t>(experts); ++e) {
            double sum = bias.empty() ? 0 : bias[e];
            for (size_t i = 0; i < d; ++i)
                sum += static_cast<double>(rows[e * d + i]) * static_cast<double>(input[t + i]);
            out.push_back(static_cast<float>(sum));
        }
    return out;
}

}  // namespace hopscope::core
