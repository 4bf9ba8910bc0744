// What token ids spell by the tokenizer.json that lies beside a model: for traces of servers, which
// tell ids alone. Nothing is tokenized; pieces are looked up and written as text. Pure functions of
// the file, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/imported/token_pieces.h"

namespace hopscope::core {

/// The text of those `tokens` that the vocabulary of MODEL_DIR/tokenizer.json has (BPE, Unigram,
/// WordPiece or WordLevel, and added tokens). Bytes that are no UTF-8 by themselves, of a character
/// that several tokens share, are "\xe2". Errors, as a clause: no such file, one above 64 MiB or
/// with millions of values, no JSON, no vocabulary in it.
Result<TokenPieces> vocabulary_pieces(const std::string& model_dir,
                                      std::span<const int32_t> tokens);

}  // namespace hopscope::core
