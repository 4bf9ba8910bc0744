// Do experts tell the meanings of a word apart? Jaccard of the expert sets of pairs of its
// occurrences, of the same and of different meaning [def:polysemy]. Pure functions of plain
// numbers, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/stats/interval.h"
#include "core/stats/permutation.h"

namespace hopscope::core::analysis {

/// One word in one context.
struct Occurrence {
    std::string meaning;
    std::vector<std::vector<int32_t>> sets;  ///< [slots] experts of one (layer, hop)
};

/// Means over pairs of occurrences of one word; NaN where there is no such pair.
struct PairMeans {
    int64_t same_pairs = 0, different_pairs = 0;
    double same = stats::kNaN, different = stats::kNaN;     ///< over slots
    std::vector<double> same_by_slot, different_by_slot;    ///< [slots]
    double difference() const { return same - different; }  ///< > 0: the meanings are told apart
};
PairMeans pair_means(const std::vector<Occurrence>& word);

/// Mean over words of same − different against meanings dealt out anew among the occurrences of
/// each word. Words that lack one kind of pair are left out.
stats::Permutation meaning_null(const std::vector<std::vector<Occurrence>>& words,
                                const stats::PermutationOptions& options);

}  // namespace hopscope::core::analysis
