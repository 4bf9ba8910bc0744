// The generated corpus of the embedded default (product.md section 9): invented but readable
// English-like text whose word classes, topics and double meanings are known. Equal seeds give
// equal bytes on every platform. One thread a generator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/progress.h"
#include "core/api/result.h"

namespace hopscope::core {

struct SyntheticOptions {
    int64_t words = 24'000;  ///< distinct words of the lexicon
    double zipf = 1.0;       ///< exponent of the frequencies inside each open class
    int64_t topics = 12;
    double topic_share = 0.75;  ///< of open-class words that come from the topic of the paragraph
};

/// A word with two classes; which one is meant follows from the sentence form around it.
struct TwoMeaningWord {
    std::string word;
    std::string class_a, class_b;
    std::string context_a, context_b;  ///< what stands around it in either meaning
};

class SyntheticCorpus {
  public:
    explicit SyntheticCorpus(uint64_t seed, SyntheticOptions options = {});
    SyntheticCorpus(SyntheticCorpus&&) noexcept;
    ~SyntheticCorpus();

    /// Writes whole documents, each ended by the separator line, until at least `bytes` were
    /// written. Each call goes on with new documents. `sink` gets one document at a time; false
    /// stops.
    void generate(int64_t bytes, const std::function<bool(const std::string& document)>& sink);

    /// Class of a word as it appears in the text (capital letters and punctuation around it
    /// ignored), the classes of a two-meaning word joined by "|", or "" where the word is unknown.
    std::string class_of(const std::string& word) const;
    std::vector<std::string> classes() const;  ///< all class names, sorted
    const std::vector<TwoMeaningWord>& two_meaning_words() const;
    int64_t lexicon_size() const;    ///< distinct words that can appear
    std::string truth_json() const;  ///< "hopscope.truth/1"

  private:
    struct State;
    std::unique_ptr<State> state_;
};

struct SyntheticFiles {
    std::string train, valid, truth;  ///< paths
};
/// Writes dir/train.txt (at least `bytes`), dir/valid.txt (a twentieth of it, other documents) and
/// dir/truth.json, each replaced atomically. Errors: failed (disk), interrupted.
Result<SyntheticFiles> write_synthetic(const std::string& dir, uint64_t seed, int64_t bytes,
                                       const Progress& progress,
                                       const SyntheticOptions& options = {});

/// Class lookup from a truth.json, for runs that are opened later. Errors (usage): missing or
/// foreign file.
class Truth {
  public:
    static Result<Truth> load(const std::string& path);
    std::string class_of(const std::string& word) const;  ///< as SyntheticCorpus::class_of

  private:
    struct Words;
    std::shared_ptr<const Words> words_;
};

}  // namespace hopscope::core
