// A tokenizer made from a text, the same from the same text: lines drawn by seed, trained by
// SentencePiece in a process of its own. One thread a call.
#pragma once

#include <cstdint>
#include <string>

#include "core/api/kinds.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

/// [def:text_to_tokens]: BPE with byte fallback, identity normalisation, extra spaces kept.
struct TokenizerSpec {
    int64_t vocab_size = 4096;
    TokenizerKind type = TokenizerKind::bpe;
    bool byte_fallback = true;
    uint64_t seed = 42;
    int64_t max_lines = 200'000;  ///< drawn by seed where there are more
    int64_t max_bytes = int64_t{512}
                        << 20;  ///< of the drawn lines together, so that memory stays bounded
    std::string separator = std::string(kDefaultSeparator);  ///< such lines are left out
};

/// Trains on `source` from its beginning and returns the serialized model; equal input gives equal
/// bytes. Errors: usage, when the corpus is too small or vocab_size too small for its characters,
/// with both sizes; interrupted.
Result<std::string> train_tokenizer(LineSource& source, const TokenizerSpec& spec,
                                    const Progress& progress);

}  // namespace hopscope::core
