// Analysis `succession`: does the expert of one layer tell that of the next [def:succession]?
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/analyses/recorded_choices.h"
#include "core/stats/descriptive.h"
#include "core/stats/multiple.h"
#include "core/stats/permutation.h"

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kPartnerings = 1'000;
constexpr size_t kMostFollowed = 10;
/// Larger samples are thinned evenly for the null, which goes through all tokens each time.
constexpr int64_t kNullTokens = 2'048;

/// Choices of two layers by the same tokens: each pair of a token's experts counts 1.
class Joint {
  public:
    Joint(const Recorded& first, const Recorded& second, std::vector<int64_t> tokens)
        : first_(first), second_(second), tokens_(std::move(tokens)) {
        for (const int64_t t : tokens_) {
            for (const int32_t e : first.set(t)) ++uses_first_[static_cast<size_t>(e)];
            for (const int32_t e : second.set(t)) ++uses_second_[static_cast<size_t>(e)];
        }
        n_log_n_.assign(tokens_.size() + 1, 0);
        for (size_t n = 2; n < n_log_n_.size(); ++n)
            n_log_n_[n] = static_cast<double>(n) * std::log(static_cast<double>(n));
    }
    /// Token tokens[i] of the first layer stands beside tokens[partner[i]] of the second.
    void count(std::span<const int32_t> partner) {
        std::fill(pairs_.begin(), pairs_.end(), 0);
        for (size_t i = 0; i < tokens_.size(); ++i)
            for (const int32_t a : first_.set(tokens_[i]))
                for (const int32_t b : second_.set(tokens_[static_cast<size_t>(partner[i])]))
                    ++pairs_[static_cast<size_t>(a * second_.experts + b)];
    }
    /// Mutual information of a token's expert here and there, nats, each of its pairs drawn evenly:
    /// Σ n ln(n / expected), of which only Σ n ln n is another one when partners are.
    double information() const {
        double sum = 0;
        for (const int32_t n : pairs_) sum += n_log_n_[static_cast<size_t>(n)];
        const auto spread = [](const std::vector<int64_t>& uses) {
            double out = 0;
            for (const int64_t n : uses)
                if (n > 0) out += static_cast<double>(n) * std::log(static_cast<double>(n));
            return out;
        };
        const auto tokens = static_cast<double>(tokens_.size());
        sum -= spread(uses_first_) * static_cast<double>(second_.top_k) +
               spread(uses_second_) * static_cast<double>(first_.top_k);
        return sum / all() + std::log(tokens);
    }
    /// ln of how much more often the two come together than by their own shares.
    double term(size_t a, size_t b) const {
        return std::log(static_cast<double>(pairs_[a * uses_second_.size() + b]) / expected(a, b));
    }
    /// Tokens that would have both if the layers had nothing to do with each other.
    double expected(size_t a, size_t b) const {
        return static_cast<double>(uses_first_[a]) * static_cast<double>(uses_second_[b]) /
               static_cast<double>(tokens_.size());
    }
    int64_t together(size_t a, size_t b) const { return pairs_[a * uses_second_.size() + b]; }
    int64_t uses(size_t a) const { return uses_first_[a]; }
    double next_entropy() const {
        return stats::entropy(std::vector<double>(uses_second_.begin(), uses_second_.end()));
    }
    size_t tokens() const { return tokens_.size(); }

  private:
    double all() const {
        return static_cast<double>(tokens_.size()) * static_cast<double>(first_.top_k) *
               static_cast<double>(second_.top_k);
    }
    const Recorded &first_, &second_;
    std::vector<int64_t> tokens_;
    std::vector<int64_t> uses_first_ = std::vector<int64_t>(static_cast<size_t>(first_.experts)),
                         uses_second_ = std::vector<int64_t>(static_cast<size_t>(second_.experts));
    std::vector<int32_t> pairs_ =
        std::vector<int32_t>(static_cast<size_t>(first_.experts * second_.experts));
    std::vector<double> n_log_n_;  ///< [tokens + 1]
};

std::vector<int32_t> in_order(size_t n) {
    std::vector<int32_t> out(n);
    std::iota(out.begin(), out.end(), 0);
    return out;
}

/// Evenly thinned.
std::vector<int64_t> tokens_for_null(int64_t tokens) {
    const int64_t kept = std::min(tokens, kNullTokens);
    std::vector<int64_t> out;
    for (int64_t i = 0; i < kept; ++i) out.push_back(i * tokens / kept);
    return out;
}

/// Mean over tokens of the terms of their pairs, which is the mutual information; drawn over parts
/// of the tokens with the terms as they are, so that its interval has not the bias of small counts.
Estimate information_estimate(const Joint& joint, const Recorded& a, const Recorded& b,
                              uint64_t seed) {
    std::vector<double> of_token;
    for (int64_t t = 0; t < a.tokens; ++t) {
        double sum = 0;
        for (const int32_t x : a.set(t))
            for (const int32_t y : b.set(t))
                sum += joint.term(static_cast<size_t>(x), static_cast<size_t>(y));
        of_token.push_back(sum / static_cast<double>(a.top_k * b.top_k));
    }
    return mean_over_tokens(of_token, parts_of(a), seed);
}

struct Follows {
    size_t expert = 0, next = 0;
    double above = 0;  ///< tokens together beyond what is expected
};

/// Whose tokens go on together most, counted beyond what is expected.
std::vector<Follows> most_followed(const Joint& joint, const Recorded& a, const Recorded& b) {
    std::vector<Follows> out;
    for (size_t x = 0; x < static_cast<size_t>(a.experts); ++x)
        for (size_t y = 0; y < static_cast<size_t>(b.experts); ++y)
            if (joint.together(x, y) > 0)
                out.push_back(
                    {x, y, static_cast<double>(joint.together(x, y)) - joint.expected(x, y)});
    const size_t shown = std::min(kMostFollowed, out.size());
    std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(shown), out.end(),
                      [](const Follows& p, const Follows& q) {
                          return std::tuple(-p.above, p.expert, p.next) <
                                 std::tuple(-q.above, q.expert, q.next);
                      });
    out.resize(shown);
    return out;
}

/// Of the tokens that took the one, the share that takes the other next.
Estimate followed_share(const Recorded& a, const Recorded& b, const Follows& pair, uint64_t seed) {
    std::vector<double> values;
    const auto has = [](std::span<const int32_t> set, size_t e) {
        return std::find(set.begin(), set.end(), static_cast<int32_t>(e)) != set.end();
    };
    for (int64_t t = 0; t < a.tokens; ++t)
        values.push_back(!has(a.set(t), pair.expert) ? NAN : has(b.set(t), pair.next) ? 1 : 0);
    const auto parts = parts_of(a);
    return ratio_over(parts.sums(values), parts.counts(values), parts.what, seed, kFewResamples);
}

struct TestedLayers {
    Fields entry;
    double p = stats::kNaN;
};

TestedLayers test_layers(const Recorded& a, const Recorded& b, uint64_t seed, Table& pairs) {
    std::vector<int64_t> every(static_cast<size_t>(a.tokens));
    std::iota(every.begin(), every.end(), int64_t{0});
    Joint joint(a, b, std::move(every)), thinned(a, b, tokens_for_null(a.tokens));
    joint.count(in_order(joint.tokens()));
    const auto null = stats::permute_labels(in_order(thinned.tokens()),
                                            [&](std::span<const int32_t> partner) {
                                                thinned.count(partner);
                                                return thinned.information();
                                            },
                                            {kPartnerings, seed});
    TestedLayers out{{}, null.p_greater};
    const auto mi = information_estimate(joint, a, b, seed);
    out.entry.json("layers", {a.layer, b.layer})
        .place("layer", a.layer)
        .place("next_layer", b.layer)
        .estimate("information", mi)
        .number("next_entropy", joint.next_entropy())
        .count("null_tokens", null.n)
        .number("null_information", null.observed)
        .number("null_mean", null.null_mean)
        .range("null95", null.null95.low, null.null95.high)
        .number("excess", null.observed - null.null_mean)
        .number("p", null.p_greater);
    Fields list;
    list.list("pairs");
    for (const Follows& pair : most_followed(joint, a, b)) {
        Fields row;
        row.place("layer", a.layer)
            .place("next_layer", b.layer)
            .count("expert", static_cast<int64_t>(pair.expert))
            .count("next", static_cast<int64_t>(pair.next))
            .count("together", joint.together(pair.expert, pair.next))
            .count("uses", joint.uses(pair.expert))
            .number("expected", joint.expected(pair.expert, pair.next))
            .estimate("share", followed_share(a, b, pair, seed));
        list.add("pairs", row);
        pairs.add(row);
    }
    out.entry.json("pairs", list.json().at("pairs"));
    return out;
}

Result<AnalysisOutput> succession(const ImportedContext& context) {
    const auto routers = recorded_own(context);
    AnalysisOutput out;
    Table& pairs = out.table("pairs");
    std::vector<TestedLayers> tests;
    std::vector<double> p;
    for (size_t l = 0; l + 1 < routers.size(); ++l) {
        if (context.progress.cancelled()) return stopped_on_request();
        const Recorded &a = routers[l], &b = routers[l + 1];
        if (a.tokens_of != b.tokens_of) continue;  // some trace lacks one of them
        context.progress.report(
            "layers " + std::to_string(a.layer) + " and " + std::to_string(b.layer),
            static_cast<double>(l) / static_cast<double>(routers.size()));
        tests.push_back(test_layers(a, b, context.seed, pairs));
        p.push_back(tests.back().p);
        out.n = std::max(out.n, a.tokens);
    }
    if (tests.empty())
        return usage_error(
            "is of two layers one behind the other, and no trace of this run has two with a router "
            "of their own");
    const auto corrected = stats::holm(p);
    for (size_t i = 0; i < tests.size(); ++i) {
        tests[i].entry.number("p_holm", corrected[i]);
        out.result.add("between_layers", tests[i].entry);
        out.table().add(tests[i].entry);
    }
    out.result.count("permutations", kPartnerings);
    return out;
}

}  // namespace

extern const ImportedAnalysis kSuccession{
    "succession",
    Asks::trace,
    "mutual information (nats) of the experts that a token takes in a layer and in the next one "
    "with a router, each pair of them counted once: mean over tokens of ln(together / expected), "
    "95 % bootstrap interval over texts, or stretches of neighbours where they are few "
    "[def:recorded_choices]. null_mean, null95, p: 1,000 times the tokens of the next layer are "
    "dealt out anew, on at most 2,048 of them, null_tokens; excess: null_information, of the same "
    "tokens, less null_mean; p_holm: corrected for all pairs of layers. pairs: the 10 that most "
    "tokens go through beyond what is expected. n: tokens.",
    succession,
    /*compares=*/false,
    /*pairs=*/true};

}  // namespace hopscope::core::analysis
