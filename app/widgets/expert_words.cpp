#include "app/widgets/expert_words.h"

#include <algorithm>

#include "app/widgets/piece_text.h"

namespace hopscope::app {

std::vector<std::string> word_list(const ExpertBook& book, const std::vector<BookWord>& words,
                                   size_t most) {
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(words.size(), most); ++i)
        out.push_back(word_text(book.pieces[static_cast<size_t>(words[i].piece)]));
    return out;
}

std::string expert_words(const AppState& state, int64_t layer, int64_t expert, size_t most) {
    const ExpertBook* book = state.experts.book();
    const BookEntry* entry = book && book->layer == layer ? book->find(expert) : nullptr;
    std::string out;
    if (!entry) return out;
    for (const std::string& word : word_list(*book, book->words_of(*entry), most))
        out.append(out.empty() ? "" : ", ").append(word);
    return out;
}

}  // namespace hopscope::app
