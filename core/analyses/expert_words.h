// The words of an expert as a document shows them. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/measure/dictionary.h"
#include "core/text/tokenizer.h"

namespace hopscope::core::analysis {

/// The pieces of the first ten words.
std::vector<std::string> pieces_of(const WordList& words, const Tokenizer& tokenizer);
/// [{"piece", "score"}] of the same.
OrderedJson scored_pieces(const WordList& words, const Tokenizer& tokenizer);

}  // namespace hopscope::core::analysis
