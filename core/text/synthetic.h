// The generated corpus of the embedded default [def:synthetic_text]: invented but readable
// English-like text whose word classes, topics and double meanings are known. Equal seeds give
// equal bytes on every platform. One thread a generator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hopscope::core {

struct SyntheticOptions {
    double lexicon_scale = 1.0;  ///< of the invented words; 1 gives about 24,000 distinct ones
    int64_t topics = 12;
    double topic_share =
        0.75;  ///< of the invented nouns, verbs and adjectives that come from the topic at hand
};

/// A word with two classes; which one is meant follows from its neighbours: class_a exactly if the
/// word before it is one of `preceded_by`, or of a class in `preceded_by_class`, or the word after
/// it is of a class in `followed_by_class` or one of `followed_by`.
struct TwoMeaningWord {
    std::string word;
    std::string class_a, class_b;
    std::vector<std::string> preceded_by, preceded_by_class, followed_by, followed_by_class;
};

/// One word of a document: its place and the class it has there.
struct WordLabel {
    int64_t begin = 0, end = 0;  ///< bytes
    std::string_view word_class;
};

/// One document, ended by the separator line; each paragraph is a line.
struct SyntheticDocument {
    std::string text;
    std::vector<WordLabel> labels;  ///< in order, every word (punctuation and separator have none)
};

class SyntheticCorpus {
  public:
    explicit SyntheticCorpus(uint64_t seed, SyntheticOptions options = {});
    SyntheticCorpus(SyntheticCorpus&&) noexcept;
    ~SyntheticCorpus();

    /// Document number `index`; any order, always the same.
    SyntheticDocument document(uint64_t index) const;
    /// Documents from `first` on until at least `bytes` were given out; false from the sink stops.
    /// Returns the number of the document that would come next.
    uint64_t generate(uint64_t first, int64_t bytes,
                      const std::function<bool(const SyntheticDocument&)>& sink) const;

    /// Class of a word (capital letters and punctuation around it ignored); those of a two-meaning
    /// word joined by "|";
    /// "" where the word is unknown.
    std::string class_of(const std::string& word) const;
    std::string truth_json() const;  ///< "hopscope.truth/1"

    static std::vector<std::string> classes();  ///< all class names
    static const std::vector<TwoMeaningWord>& two_meaning_words();

  private:
    struct State;
    std::unique_ptr<const State> state_;
};

}  // namespace hopscope::core
