// Passages of the text that a run is validated on, to be traced as prompts: single ones, and pairs
// that hold the same word in two contexts. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hopscope::core {

struct PassageRequest {
    uint64_t seed = 1;     ///< of everything drawn; the same seed gives the same passages
    int64_t passages = 8;  ///< at most so many, of each kind
    int64_t tokens = 24;   ///< of a passage, at most
    bool operator==(const PassageRequest&) const = default;
};

/// A part of one line of the text, whole words.
struct Passage {
    std::string text;
    int64_t begin = 0;  ///< its first token, counted in the validation text
};

/// The same word in two passages.
struct PassagePair {
    std::string word;  ///< in small letters
    Passage first, second;
    int64_t first_at = 0, second_at = 0;  ///< the byte of each text where the word ends
    /// What the word means there; "" where nothing tells.
    std::string first_meaning, second_meaning;
};

struct Passages {
    PassageRequest request;
    int64_t tokens = 0;  ///< of the whole validation text
    int64_t read = 0;    ///< of them looked at, from places spread at random
    std::vector<Passage> passages;
    std::vector<PassagePair> pairs;
    /// Whether the text says what its words of two meanings mean; else the pairs hold words that
    /// differ in both their neighbours.
    bool meanings_known = false;
};

}  // namespace hopscope::core
