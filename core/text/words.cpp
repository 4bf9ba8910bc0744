#include "core/text/words.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace hopscope::core {
namespace {

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

std::string plain_word(std::string_view word) {
    while (word.starts_with(kSpaceMark)) word.remove_prefix(kSpaceMark.size());
    while (!word.empty() && !is_letter(word.front())) word.remove_prefix(1);
    while (!word.empty() && !is_letter(word.back())) word.remove_suffix(1);
    std::string out(word);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::string spelled(std::string_view piece) {
    unsigned value = 0;
    if (piece.size() == 6 && piece.starts_with("<0x") &&
        std::from_chars(piece.data() + 3, piece.data() + 5, value, 16).ptr == piece.data() + 5)
        return std::string(1, static_cast<char>(value));
    return std::string(piece);
}

bool is_word_piece(std::string_view piece) {
    const std::string text = spelled(piece);
    return text == kSpaceMark || std::any_of(text.begin(), text.end(), is_letter);
}

std::vector<WordSpan> words_of(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
    std::vector<WordSpan> out;
    WordSpan word;
    std::string text;
    const auto end_word = [&](size_t end) {
        if (end > word.begin) {
            word.end = end;
            word.word = plain_word(text);
            out.push_back(word);
        }
        text.clear();
        word = {end, end, "", end, 0};
    };
    for (size_t i = 0; i < ids.size(); ++i) {
        const std::string piece = tokenizer.piece(ids[i]);
        const bool control = ids[i] == tokenizer.eos_id() || ids[i] == tokenizer.newline_id();
        if (control || piece.starts_with(kSpaceMark)) end_word(i);
        if (control) {
            word = {i + 1, i + 1, "", i + 1, 0};
            continue;
        }
        text += spelled(piece);
        if (!is_word_piece(piece)) continue;
        word.last = i;
        ++word.pieces;
    }
    end_word(ids.size());
    return out;
}

}  // namespace hopscope::core
