// Analysis `standing_committee`: which experts serve a large part of all tokens, whatever the text
// [def:standing_committee]?
#include <algorithm>
#include <map>

#include "core/analyses/recorded_choices.h"

namespace hopscope::core::analysis {
namespace {

/// An expert belongs to a committee that serves more than this share of all tokens.
constexpr double kThresholds[] = {0.25, 0.5, 0.9};

/// What each expert gets in each part of the tokens.
class PartSums {
  public:
    PartSums(const Recorded& one, const TokenParts& parts)
        : experts_(static_cast<size_t>(one.experts)), what_(parts.what) {
        const size_t n = parts.ends.size();
        uses_.assign(n * experts_, 0);
        weight_.assign(n * experts_, 0);
        tokens_.assign(n, 0);
        weighed_.assign(n, 0);
        int64_t token = 0;
        for (size_t p = 0; p < n; ++p)
            for (; token < parts.ends[p]; ++token) {
                ++tokens_[p];
                const auto set = one.set(token);
                for (size_t i = 0; i < set.size(); ++i) {
                    const size_t at = p * experts_ + static_cast<size_t>(set[i]);
                    ++uses_[at];
                    const auto w = static_cast<double>(
                        one.weights[static_cast<size_t>(token) * set.size() + i]);
                    if (!(w >= 0)) continue;  // not in this trace
                    weight_[at] += w;
                    weighed_[p] += w;
                }
            }
    }
    /// Of the tokens, those that are served by all of these; of several experts their mean number.
    Estimate share(const std::vector<int64_t>& experts, uint64_t seed) const {
        return ratio_over(sums(uses_, experts), tokens_, what_, seed, kFewResamples);
    }
    /// Of all routing weight.
    Estimate weight(const std::vector<int64_t>& experts, uint64_t seed) const {
        return ratio_over(sums(weight_, experts), weighed_, what_, seed, kFewResamples);
    }
    /// Of all choices.
    Estimate choices(const std::vector<int64_t>& experts, int64_t top_k, uint64_t seed) const {
        auto all = tokens_;
        for (double& tokens : all) tokens *= static_cast<double>(top_k);
        return ratio_over(sums(uses_, experts), all, what_, seed, kFewResamples);
    }

  private:
    std::vector<double> sums(const std::vector<double>& of_experts,
                             const std::vector<int64_t>& experts) const {
        std::vector<double> out(tokens_.size(), 0);
        for (size_t p = 0; p < out.size(); ++p)
            for (const int64_t e : experts)
                out[p] += of_experts[p * experts_ + static_cast<size_t>(e)];
        return out;
    }
    size_t experts_;
    const char* what_;
    std::vector<double> uses_, weight_;     ///< [parts, experts]
    std::vector<double> tokens_, weighed_;  ///< [parts]; weighed: weight of all experts
};

/// [experts] smallest share over the traces, of those that speak of the router.
std::vector<double> least_shares(const Recorded& one) {
    std::vector<double> least(static_cast<size_t>(one.experts), 1);
    int64_t token = 0;
    for (const int64_t tokens : one.tokens_of) {
        if (tokens == 0) continue;
        std::vector<int64_t> counts(least.size(), 0);
        for (const int64_t end = token + tokens; token < end; ++token)
            for (const int32_t e : one.set(token)) ++counts[static_cast<size_t>(e)];
        for (size_t e = 0; e < least.size(); ++e)
            least[e] =
                std::min(least[e], static_cast<double>(counts[e]) / static_cast<double>(tokens));
    }
    return least;
}

Fields committee(const Recorded& one, uint64_t seed, Table& table) {
    const PartSums sums(one, parts_of(one));
    const bool weighed = one.weighed();
    const auto least = least_shares(one);
    const auto tokens = static_cast<double>(one.tokens);
    const double uniform = static_cast<double>(one.top_k) / static_cast<double>(one.experts);
    std::vector<int64_t> by_share(static_cast<size_t>(one.experts));
    for (size_t e = 0; e < by_share.size(); ++e) by_share[e] = static_cast<int64_t>(e);
    const auto share = [&](int64_t e) {
        return static_cast<double>(one.sample.counts[static_cast<size_t>(e)]) / tokens;
    };
    std::stable_sort(by_share.begin(), by_share.end(),
                     [&](int64_t a, int64_t b) { return share(a) > share(b); });
    const auto above = [&](double threshold) {
        std::vector<int64_t> out;
        for (const int64_t e : by_share)
            if (share(e) > threshold) out.push_back(e);
        return out;
    };
    Fields out = placed(one.layer, one.pool);
    out.count("tokens", one.tokens)
        .number("uniform_share", uniform)
        .number("largest_share", share(by_share[0]))
        .flag("weights_found", weighed)
        .list("thresholds")
        .list("experts");
    for (const double threshold : kThresholds) {
        const auto experts = above(threshold);
        std::vector<int64_t> everywhere;
        for (const int64_t e : experts)
            if (least[static_cast<size_t>(e)] > threshold) everywhere.push_back(e);
        Fields at;
        at.number("above", threshold)
            .json("experts", experts)
            .json("in_every_trace", everywhere)
            .estimate("choices_share", sums.choices(experts, one.top_k, seed))
            .number("uniform_choices_share",
                    static_cast<double>(experts.size()) / static_cast<double>(one.experts));
        if (weighed) at.estimate("weight_share", sums.weight(experts, seed));
        out.add("thresholds", at);
    }
    for (const int64_t e : above(kThresholds[0])) {
        Fields row = row_of(one);
        row.count("id", e, "expert")
            .estimate("share", sums.share({e}, seed))
            .number("uniform_share", uniform)
            .number("least_share", least[static_cast<size_t>(e)]);
        if (weighed) row.estimate("weight_share", sums.weight({e}, seed));
        out.add("experts", row);
        table.add(row);
    }
    return out;
}

Result<AnalysisOutput> standing_committee(const ImportedContext& context) {
    const auto routers = recorded(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    out.table().declare(row_of(Recorded()).none("id", "expert").estimate("share", {}));
    for (const Recorded& one : routers) {
        if (context.progress.cancelled()) return stopped_on_request();
        out.result.add("layers", committee(one, context.seed, out.table()));
    }
    return out;
}

}  // namespace

extern const ImportedAnalysis kStandingCommittee{
    "standing_committee", Asks::trace,
    "experts that serve more than 0.25, 0.5 and 0.9 of all tokens, in all traces of the run "
    "together; in_every_trace: those that do in each of them. share: of the tokens, beside "
    "uniform_share = k / experts; choices_share and weight_share: of all choices, and of all "
    "routing weight where traces have weights, that go to them. 95 % bootstrap intervals over "
    "texts, or stretches of neighbours where they are few [def:recorded_choices]. n: tokens.",
    standing_committee};

}  // namespace hopscope::core::analysis
