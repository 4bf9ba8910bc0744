#include "core/analyses/expert_words.h"

#include <algorithm>

namespace hopscope::core::analysis {
namespace {

WordList first_ten(const WordList& words) {
    return {words.begin(),
            words.begin() +
                std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(words.size()), kShownWords)};
}

}  // namespace

std::vector<std::string> pieces_of(const WordList& words, const Tokenizer& tokenizer) {
    std::vector<std::string> out;
    for (const auto& word : first_ten(words)) out.push_back(tokenizer.piece(word.token));
    return out;
}

OrderedJson scored_pieces(const WordList& words, const Tokenizer& tokenizer) {
    OrderedJson out = OrderedJson::array();
    for (const auto& word : first_ten(words))
        out.push_back({{"piece", tokenizer.piece(word.token)}, {"score", json_number(word.score)}});
    return out;
}

}  // namespace hopscope::core::analysis
