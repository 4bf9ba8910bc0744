#include "core/analyses/meaning_pairs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/sets.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// Mean over slots of all pairs of one word, with the meanings as numbers.
struct WordPairs {
    size_t n = 0;
    std::vector<double> jaccard;    ///< [n, n], above the diagonal
    std::vector<int32_t> meanings;  ///< [n]

    /// same − different under other meanings; NaN where one kind of pair is missing.
    double difference(std::span<const int32_t> dealt) const {
        double sum[2] = {0, 0}, pairs[2] = {0, 0};
        for (size_t a = 0; a < n; ++a)
            for (size_t b = a + 1; b < n; ++b) {
                const int same = dealt[a] == dealt[b];
                sum[same] += jaccard[a * n + b];
                pairs[same] += 1;
            }
        return sum[1] / pairs[1] - sum[0] / pairs[0];
    }
};

WordPairs pairs_of(const std::vector<Occurrence>& word) {
    WordPairs out;
    out.n = word.size();
    out.jaccard.assign(out.n * out.n, 0.0);
    std::vector<std::string> names;
    for (const auto& o : word) {
        auto at = std::find(names.begin(), names.end(), o.meaning);
        if (at == names.end()) at = names.insert(at, o.meaning);
        out.meanings.push_back(static_cast<int32_t>(at - names.begin()));
    }
    for (size_t a = 0; a < out.n; ++a)
        for (size_t b = a + 1; b < out.n; ++b) {
            double sum = 0;
            for (size_t s = 0; s < word[a].sets.size(); ++s)
                sum += jaccard_of(word[a].sets[s], word[b].sets[s]);
            out.jaccard[a * out.n + b] = sum / static_cast<double>(word[a].sets.size());
        }
    return out;
}

}  // namespace

PairMeans pair_means(const std::vector<Occurrence>& word) {
    PairMeans out;
    if (word.empty()) return out;
    const size_t slots = word.front().sets.size();
    out.same_by_slot.assign(slots, 0.0);
    out.different_by_slot.assign(slots, 0.0);
    for (size_t a = 0; a < word.size(); ++a)
        for (size_t b = a + 1; b < word.size(); ++b) {
            const bool same = word[a].meaning == word[b].meaning;
            ++(same ? out.same_pairs : out.different_pairs);
            auto& to = same ? out.same_by_slot : out.different_by_slot;
            for (size_t s = 0; s < slots; ++s)
                to[s] += jaccard_of(word[a].sets[s], word[b].sets[s]);
        }
    for (double& x : out.same_by_slot) x /= static_cast<double>(out.same_pairs);
    for (double& x : out.different_by_slot) x /= static_cast<double>(out.different_pairs);
    out.same = stats::mean(out.same_by_slot);
    out.different = stats::mean(out.different_by_slot);
    return out;
}

stats::Permutation meaning_null(const std::vector<std::vector<Occurrence>>& words,
                                const stats::PermutationOptions& options) {
    // The occurrences of all words in one row of labels; a statistic that ranks each word's part
    // of a dealt row uses it to order the word's own meanings, so that they stay within the word.
    std::vector<WordPairs> pairs;
    size_t all = 0;
    for (const auto& word : words) {
        auto p = pairs_of(word);
        if (!std::isfinite(p.difference(p.meanings))) continue;
        all += p.n;
        pairs.push_back(std::move(p));
    }
    std::vector<int32_t> places(all);
    std::iota(places.begin(), places.end(), 0);
    const auto statistic = [&](std::span<const int32_t> dealt) {
        double sum = 0;
        size_t from = 0;
        for (const auto& p : pairs) {
            const auto part = dealt.subspan(from, p.n);
            from += p.n;
            std::vector<size_t> order(p.n);
            std::iota(order.begin(), order.end(), size_t{0});
            std::sort(order.begin(), order.end(),
                      [&](size_t a, size_t b) { return part[a] < part[b]; });
            std::vector<int32_t> moved(p.n);
            for (size_t i = 0; i < p.n; ++i) moved[i] = p.meanings[order[i]];
            sum += p.difference(moved);
        }
        return sum / static_cast<double>(pairs.size());
    };
    return stats::permute_labels(places, statistic, options);
}

}  // namespace hopscope::core::analysis
