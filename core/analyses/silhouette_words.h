// Words of a text for `silhouette`: which tokens are of function words, of frequent and of other
// content words, and pairs of a function and a content word that are otherwise alike
// [def:silhouette]. Pure functions of plain data and a seed, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/analyses/token_text.h"
#include "core/base/random.h"
#include "core/base/result.h"

namespace hopscope::core::analysis {

/// Tokens with a label each.
struct LabelledTokens {
    std::vector<int64_t> tokens;
    std::vector<int32_t> labels;
    void add(const std::vector<int64_t>& more, int32_t label);
};

struct MatchedPair {
    std::string function, content;
    int64_t function_count = 0, content_count = 0;  ///< in the whole text
};

struct SilhouetteWords {
    std::vector<std::string> frequent;  ///< the most frequent content words, falling
    /// Labels 0: function words, 1: frequent content words, 2: other content words.
    LabelledTokens groups;
    std::vector<MatchedPair> pairs;
    LabelledTokens control;             ///< tokens of the pairs: 0 function, 1 content
    std::vector<int32_t> control_word;  ///< [control tokens] which of its words
    int32_t control_words = 0;
};

/// @param first_tokens the tokens that may be drawn are those of the first batches
/// Errors: usage where a group has too few occurrences.
Result<SilhouetteWords> silhouette_words(const TokenText& text, int64_t first_tokens,
                                         Random& random);

}  // namespace hopscope::core::analysis
