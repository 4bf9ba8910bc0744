// Two traced prompts below each other: which token stands below which, and how alike the experts
// are that the two choose. Pure functions of traces of one model; computed in the panel's
// prepare().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/trajectory/view.h"

namespace hopscope::app {

/// Token j of the second prompt stands below token j + shift of the first.
struct Alignment {
    int64_t shift = 0, first = 0, second = 0;  ///< tokens of each prompt

    int64_t below(int64_t token) const;  ///< token of the second below one of the first; −1: none
    int64_t above(int64_t token) const;  ///< token of the first above one of the second; −1: none
    int64_t begin() const;               ///< the first prompt's tokens [begin, end) stand above one
    int64_t end() const;
    int64_t pairs() const { return end() - begin(); }
    int64_t lead() const;   ///< tokens of the second before the first one of the first
    int64_t total() const;  ///< places that both take, from the leftmost to the rightmost token
    bool operator==(const Alignment&) const = default;
};
Alignment alignment_of(const core::TraceResult& first, const core::TraceResult& second,
                       int64_t shift);

/// The token that holds a byte of the prompt; −1 where none does.
int64_t token_at(const core::TraceResult& trace, int64_t byte);
/// The word of the prompt that a token is part of, small ASCII letters; "" where it is of none.
std::string word_at(const core::TraceResult& trace, int64_t token);
/// For each time that the word stands in the prompt its last token: there all of it has been read.
std::vector<int64_t> ends_of_word(const core::TraceResult& trace, const std::string& word);
/// The shift that puts the word of the first prompt's token above the same word of the second: of
/// several the nearest to the present shift. Nothing: the second does not hold it.
std::optional<int64_t> shift_to_word(const core::TraceResult& first, int64_t token,
                                     const core::TraceResult& second, int64_t present);

/// |A ∩ B| / |A ∪ B| of the experts that two tokens choose at one hop [def:jaccard]; NaN where one
/// of them did not run.
float overlap(const core::TraceResult& first, int64_t a, const core::TraceResult& second, int64_t b,
              int64_t layer, int64_t hop);
/// Mean of it over the layers and hops that both ran; NaN without.
float mean_overlap(const core::TraceResult& first, int64_t a, const core::TraceResult& second,
                   int64_t b);

/// The experts of a layer and hop that both tokens choose, and those of one alone, each by falling
/// weight of its own token.
struct SharedExperts {
    std::vector<int64_t> first, both, second;
};
SharedExperts shared_experts(const core::TraceResult& first, int64_t a,
                             const core::TraceResult& second, int64_t b, const HopColumn& at);

/// One hop of a layer over all aligned tokens [def:prompt_pair].
struct PairedHop {
    float mean = core::kNaN;                    ///< of the overlap
    float low = core::kNaN, high = core::kNaN;  ///< its 95 % interval; NaN for fewer than two
    int64_t n = 0;                              ///< pairs of tokens that both ran
    float other = core::kNaN;  ///< mean over pairs that do not stand below each other
    int64_t other_n = 0;
};
/// [columns].
std::vector<PairedHop> paired_hops(const core::TraceResult& first, const core::TraceResult& second,
                                   const std::vector<HopColumn>& columns, int64_t shift);

}  // namespace hopscope::app
