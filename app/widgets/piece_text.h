// Pieces of a tokenizer as people read them. Pure functions, any thread.
#pragma once

#include <string>

namespace hopscope::app {

/// The piece with control bytes written out, "\n" → "<0x0A>"; the word mark ▁ and all other
/// characters stay. An empty piece becomes "<empty>".
std::string piece_text(const std::string& piece);
/// The same as a word of a list: without the word mark, and with a hyphen before a piece that goes
/// on with a word begun before it, "▁river" → "river", "dy" → "-dy".
std::string word_text(const std::string& piece);

}  // namespace hopscope::app
