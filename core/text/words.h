// The words that tokens spell: a word begins at a piece with SentencePiece's space mark and ends
// before the next one, at a line end or at the end of a document. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace hopscope::core {

/// SentencePiece's mark of a blank, "▁", in UTF-8.
inline constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

/// A word as word lists and the truth file spell it: without marks and punctuation around it,
/// small ASCII letters.
std::string plain_word(std::string_view word);

/// Tokens [begin, end) that spell one word with the punctuation around it.
struct WordSpan {
    size_t begin = 0, end = 0;
    std::string word;    ///< plain; empty where there is no letter
    size_t last = 0;     ///< the last token of the word itself: there a model has read all of it
    int64_t pieces = 0;  ///< tokens of the word itself; 0: punctuation alone
};

/// Every word of a sequence of tokens, in order. End-of-line and end-of-text tokens belong to none.
std::vector<WordSpan> words_of(const Tokenizer& tokenizer, const std::vector<int32_t>& ids);

/// What a piece stands for: of a byte piece ("<0x54>") that byte, of others themselves, space marks
/// included.
std::string spelled(std::string_view piece);

/// Whether a piece spells part of a word: it has a letter, or is the space mark alone.
bool is_word_piece(std::string_view piece);

}  // namespace hopscope::core
