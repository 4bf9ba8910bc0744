#include "core/text/words.h"

#include <algorithm>
#include <cctype>

namespace hopscope::core {
namespace {

constexpr std::string_view kSpaceMark = "\xe2\x96\x81";  // "▁" of SentencePiece

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// One byte of a character that the vocabulary lacks.
bool is_byte(std::string_view piece) {
    return piece.size() == 6 && piece.starts_with("<0x");
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

bool is_word_piece(std::string_view piece) {
    if (is_byte(piece)) return false;
    return piece == kSpaceMark || std::any_of(piece.begin(), piece.end(), is_letter);
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
        if (is_byte(piece)) continue;
        text += piece;
        if (!is_word_piece(piece)) continue;
        word.last = i;
        ++word.pieces;
    }
    end_word(ids.size());
    return out;
}

}  // namespace hopscope::core
