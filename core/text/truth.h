// The truth file of a synthetic corpus ("hopscope.truth/1"), read back for runs that are opened
// later: which class a word or a token belongs to. Does not change after loading; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/text/synthetic.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

class Truth {
  public:
    /// Errors (usage): missing, damaged or foreign file.
    static Result<Truth> load(const std::string& path);
    static Result<Truth> parse(const std::string& json, const std::string& name);

    /// As SyntheticCorpus::class_of.
    std::string class_of(const std::string& word) const;
    /// Words of each class; a word of two classes is in both. Words in alphabetic order.
    const std::map<std::string, std::vector<std::string>>& classes() const;
    /// For each token the class of the word it is part of, "" where there is none.
    std::vector<std::string> label_tokens(const Tokenizer& tokenizer,
                                          const std::vector<int32_t>& ids) const;
    /// The words of two classes and what decides between them; empty for a file without.
    const std::vector<TwoMeaningWord>& two_meanings() const;
    /// The class that `word` has between two others of its document (plain words, "" = none): ""
    /// where a neighbour that decides has two classes itself.
    std::string meaning(const TwoMeaningWord& word, const std::string& before,
                        const std::string& after) const;

  private:
    struct Words;
    Truth() = default;
    std::shared_ptr<const Words> words_;
};

}  // namespace hopscope::core
