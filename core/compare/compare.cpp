#include "core/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/compare/warnings.h"
#include "core/config/write.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

using stats::BootstrapOptions;

PairResult compare_losses(const std::vector<CompareInput>& inputs, size_t i, size_t j,
                          double margin, const CompareOptions& options) {
    const BootstrapOptions draw{options.resamples, options.seed};
    const auto &a = inputs[i].record.batches, &b = inputs[j].record.batches;
    std::vector<double> difference(a.size());
    for (size_t k = 0; k < a.size(); ++k) difference[k] = a[k] - b[k];
    const auto paired = stats::bootstrap_mean(difference, draw);
    PairResult out;
    out.a = i;
    out.b = j;
    out.n = paired.n;
    out.mean = paired.estimate;
    out.tost = stats::bootstrap_tost(paired, margin);
    out.unpaired_ci95 = stats::bootstrap_unpaired(a, b, draw).interval(0.95);
    for (const int64_t size : options.blocks) {
        const auto tost =
            stats::bootstrap_tost(stats::bootstrap_blocks(difference, size, draw), margin);
        // Equal differences have intervals of width 0, none wider than the other.
        const double plain = out.tost.ci90.width(), wide = tost.ci90.width();
        out.blocks.push_back(
            {size, tost.ci90, tost.equivalent, plain == 0 && wide == 0 ? 1 : wide / plain});
    }
    return out;
}

AnswerResult compare_answers(const CompareInput& a, const CompareInput& b, bool ItemAnswer::*right,
                             double margin) {
    int64_t only_a = 0, only_b = 0, right_a = 0, right_b = 0;
    for (size_t k = 0; k < a.items.size(); ++k) {
        const bool by_a = a.items[k].*right, by_b = b.items[k].*right;
        right_a += by_a;
        right_b += by_b;
        only_a += by_a && !by_b;
        only_b += by_b && !by_a;
    }
    const auto n = static_cast<int64_t>(a.items.size());
    return {static_cast<double>(right_a) / static_cast<double>(n),
            static_cast<double>(right_b) / static_cast<double>(n), stats::mcnemar(only_a, only_b),
            stats::paired_proportions_tost(only_a, only_b, n, margin)};
}

/// False: cancelled.
bool compare_groups(CompareResult& result, const Progress& progress) {
    std::vector<double> means, spreads;
    for (const SeedGroup& group : result.groups) {
        means.push_back(group.perplexity.mean);
        if (group.perplexity.n > 1) spreads.push_back(group.perplexity.std);
    }
    if (means.size() > 1)
        result.spread_of_means = *std::max_element(means.begin(), means.end()) -
                                 *std::min_element(means.begin(), means.end());
    if (!spreads.empty()) {
        result.mean_within_std = stats::mean(spreads);
        result.largest_within_std = *std::max_element(spreads.begin(), spreads.end());
        result.ratio = result.spread_of_means / result.mean_within_std;
    }
    const auto losses = [&](const SeedGroup& group) {
        stats::SeedLosses out;
        for (const size_t member : group.members)
            out.push_back(result.inputs[member].record.batches);
        return out;
    };
    const BootstrapOptions draw{result.options.resamples, result.options.seed};
    for (size_t i = 0; i < result.groups.size(); ++i)
        for (size_t j = i + 1; j < result.groups.size(); ++j) {
            const SeedGroup &a = result.groups[i], &b = result.groups[j];
            if (a.loss.n < 2 || b.loss.n < 2) continue;
            if (progress.cancelled()) return false;
            progress.report("comparing seeds of " + a.variant + " and " + b.variant, -1);
            result.seed_tost.push_back(
                {i, j, stats::t_tost(stats::welch(a.loss, b.loss), result.margin),
                 stats::bootstrap_tost(
                     stats::bootstrap_hierarchical(losses(a), losses(b), true, draw),
                     result.margin)});
        }
    return true;
}

/// What tells groups apart: configuration without the seed, amount of training, changes at
/// inference. Without a known configuration each input stands alone.
std::string group_key(const CompareInput& input, size_t index) {
    const EvalOrigin& o = input.record.origin;
    if (o.variant.empty() || !o.seed) return "#" + std::to_string(index);
    std::string key = o.variant + "@" + std::to_string(input.record.step);
    for (const auto& [name, value] : o.changes) key += ";" + name + "=" + value;
    return key;
}

std::string group_name(const CompareInput& input) {
    const EvalOrigin& o = input.record.origin;
    if (o.variant.empty() || !o.seed) return input.label;
    std::string name = o.config_name.empty() ? o.variant : o.config_name;
    for (const auto& [key, value] : o.changes) name += " " + key + "=" + value;
    return name;
}

/// What tells `other` from the first variant of its name: keys of the configuration, the step.
std::string difference_of(const CompareInput& first, const CompareInput& other) {
    std::string out;
    const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
    if (first.config && other.config) {
        Config same_seed = *other.config;
        same_seed.train.seed = first.config->train.seed;
        for (const std::string& key : differing_keys(*first.config, same_seed, true)) add(key);
    } else if (first.record.origin.variant != other.record.origin.variant) {
        add(other.record.origin.variant.substr(0, 8));
    }
    if (first.record.step != other.record.step) add("step " + std::to_string(other.record.step));
    return out;
}

/// Variants of one name get what tells them from the first behind it.
void make_unique(std::vector<SeedGroup>& groups, const std::vector<CompareInput>& inputs) {
    std::map<std::string, size_t> first;
    for (size_t i = 0; i < groups.size(); ++i) {
        const auto [found, fresh] = first.emplace(groups[i].variant, i);
        if (fresh) continue;
        const std::string difference = difference_of(inputs[groups[found->second].members.front()],
                                                     inputs[groups[i].members.front()]);
        groups[i].variant +=
            " (" + (difference.empty() ? inputs[groups[i].members.front()].label : difference) +
            ")";
    }
}

}  // namespace

std::vector<SeedGroup> seed_groups(const std::vector<CompareInput>& inputs) {
    std::vector<SeedGroup> groups;
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const auto [found, fresh] = index.emplace(group_key(inputs[i], i), groups.size());
        if (fresh) groups.push_back({group_name(inputs[i]), {}, {}, {}});
        SeedGroup& group = groups[found->second];
        const auto same_seed = [&](size_t member) {
            return inputs[member].record.origin.seed == inputs[i].record.origin.seed;
        };
        // The same seed again is the same run, no further draw of the noise between seeds.
        if (fresh || std::none_of(group.members.begin(), group.members.end(), same_seed))
            group.members.push_back(i);
    }
    make_unique(groups, inputs);
    for (SeedGroup& group : groups) {
        std::vector<double> loss, perplexity;
        for (const size_t member : group.members) {
            loss.push_back(inputs[member].record.loss);
            perplexity.push_back(std::exp(inputs[member].record.loss));
        }
        group.loss = stats::summarise(loss);
        group.perplexity = stats::summarise(perplexity);
    }
    return groups;
}

Result<CompareResult> compare(std::vector<CompareInput> inputs, const CompareOptions& options,
                              const Progress& progress) {
    if (auto s = check_comparable(inputs); !s) return s.error();
    const bool zeroshot = inputs.front().zeroshot;
    CompareResult result;
    result.options = options;
    result.margin = options.margin.value_or(zeroshot ? kAccuracyMargin : kLossMargin);
    if (!(result.margin >= 0) || !std::isfinite(result.margin))
        return usage_error("--margin: a number from 0 is allowed");
    constexpr int64_t kMost = 10'000'000;
    if (options.resamples < 100 || options.resamples > kMost)
        return usage_error("--resamples: found " + std::to_string(options.resamples) +
                           ", allowed 100 … " + std::to_string(kMost));
    for (const int64_t block : options.blocks)
        if (block < 1)
            return usage_error("--block: found " + std::to_string(block) +
                               ", allowed sizes from 1");
    result.inputs = std::move(inputs);
    const Error stopped = stopped_on_request("the comparison was");
    const size_t n = result.inputs.size(), pairs = n * (n - 1) / 2;
    size_t pair = 0;
    for (size_t i = 0; i < result.inputs.size(); ++i)
        for (size_t j = i + 1; j < result.inputs.size(); ++j) {
            const CompareInput &a = result.inputs[i], &b = result.inputs[j];
            if (progress.cancelled()) return stopped;
            progress.report(
                "comparing pair " + std::to_string(pair + 1) + " of " + std::to_string(pairs),
                static_cast<double>(pair) / static_cast<double>(pairs));
            ++pair;
            if (zeroshot)
                result.answers.push_back(
                    {i, j, compare_answers(a, b, &ItemAnswer::right, result.margin),
                     compare_answers(a, b, &ItemAnswer::right_norm, result.margin)});
            else
                result.pairs.push_back(compare_losses(result.inputs, i, j, result.margin, options));
        }
    if (!zeroshot) {
        result.groups = seed_groups(result.inputs);
        if (!compare_groups(result, progress)) return stopped;
    }
    result.warnings = warnings_of(result);
    return result;
}

}  // namespace hopscope::core
