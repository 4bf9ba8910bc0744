// Finds experts of a concept by their words alone, as the automatic search of arXiv 2604.14434 does
// [def:category_search]: no prompt, no forward pass. Pure functions of a dictionary, any thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/measure/dictionary.h"

namespace hopscope::core::analysis {

/// One written direction whose words are seed words.
struct CategoryMatch {
    int64_t layer = 0, expert = 0, row = 0;
    int64_t overlap = 0;  ///< of its first ten words by dot
    double weight = 0;    ///< their summed scores / ‖w‖: decides between equal overlaps
};

/// Directions with an overlap, largest first; hubs are left out [def:hub]. Ties: weight, then layer
/// and expert. @param seeds token ids, rising @param count at most so many
std::vector<CategoryMatch> search_category(const Dictionary& dictionary,
                                           const std::vector<int64_t>& seeds, size_t count);

/// Different tokens among the first ten words of some matches, rising.
std::vector<int64_t> found_words(const Dictionary& dictionary,
                                 const std::vector<CategoryMatch>& matches);

/// Directions that are no hubs: what the search looks through.
int64_t searched_directions(const Dictionary& dictionary);

/// Two halves of ids drawn by seed, each rising: seed words to search by, and words held out to
/// judge by. Of an odd number the seeds get one more.
std::pair<std::vector<int64_t>, std::vector<int64_t>> split_words(const std::vector<int64_t>& ids,
                                                                  uint64_t seed);

}  // namespace hopscope::core::analysis
