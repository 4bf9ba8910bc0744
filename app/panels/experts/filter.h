// The filter of the table of experts: terms that all must hold, read from what is typed, and which
// experts of a book they leave. Pure functions, window thread.
#pragma once

#include <cstdint>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "app/state/expert_book.h"

namespace hopscope::app {

/// What a term asks of an expert.
enum class FilterField : uint8_t {
    word,      ///< a word that it reads or writes: before, word:before, /^be/
    reads,     ///< reads:before, reads:/^be/
    writes,    ///< writes:…
    token,     ///< #123: a token id of the sample that chooses it
    experts,   ///< E12, 3,7,12-15: one of them
    of_class,  ///< class:noun|verb
    hops,      ///< hops=2, hops>1: hops in which the sample chooses it
    tokens,    ///< tokens>10: of the sample, that choose it
    load,      ///< load<3, × uniform
    purity,    ///< purity>0.5
    quarter,   ///< quarter=1: of the sequence, where it is chosen most for its size
    cluster,   ///< cluster:7
    is,        ///< is:dead, is:hub, is:enriched, is:placed, is:selected
    near       ///< near:E40: it and the ten nearest centroids by cosine
};

/// A number compared with another.
struct NumberTest {
    enum class Op : uint8_t { equal, less, at_most, more, at_least } op = Op::equal;
    double value = 0;
    bool holds(double x) const;  ///< false for NaN
};

struct FilterTerm {
    std::string text;  ///< as typed
    FilterField field = FilterField::word;
    bool exclude = false;               ///< typed with a − before it
    std::vector<std::string> words;     ///< one of them: parts of words, names of classes, states
    std::shared_ptr<std::regex> regex;  ///< in place of `words`
    std::set<int64_t> numbers;          ///< experts, token ids, clusters
    NumberTest number;
};

/// What was typed: the terms that can be read, and a sentence for each that cannot.
struct ExpertFilter {
    std::vector<FilterTerm> terms;
    std::vector<std::string> problems;
};

/// Terms are parted by blanks; "…" and /…/ may hold blanks.
std::vector<std::string> split_terms(const std::string& typed);
ExpertFilter parse_filter(const std::string& typed);

/// Whether a term of words means this one.
bool means_word(const FilterTerm& term, const std::string& word);
/// ASCII letters alone.
std::string in_small_letters(std::string text);

/// What is clicked to begin a term, and what it asks.
struct FilterWord {
    const char *begin, *help;
};
const std::vector<FilterWord>& filter_words();

/// What the terms are held against.
struct FilterGround {
    const ExpertBook& book;
    const core::LayerGeometry* geometry = nullptr;  ///< for `near`; may be null
    const std::set<int64_t>* selected = nullptr;    ///< may be null
};
/// [experts] 1 where all terms hold.
std::vector<uint8_t> experts_matching(const ExpertFilter& filter, const FilterGround& ground);

/// The class of an expert as the table shows it: of the sample, where that has classes, else the
/// category of the words it writes.
struct ShownClass {
    std::string name;  ///< "": none
    double purity = core::kNaN;
};
ShownClass shown_class(const ExpertBook& book, const BookEntry& entry);

}  // namespace hopscope::app
