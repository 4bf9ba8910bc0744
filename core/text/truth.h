// The truth file of a synthetic corpus ("hopscope.truth/1"), read back for runs that are opened
// later: which class a word or a token belongs to. Does not change after loading; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/result.h"
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

  private:
    struct Words;
    Truth() = default;
    std::shared_ptr<const Words> words_;
};

/// A word as the truth file spells it: without marks and punctuation around it, small ASCII
/// letters.
std::string plain_word(std::string_view word);

}  // namespace hopscope::core
