// A look at a serialized SentencePiece model before the library parses it: what the library trusts
// is checked here, so that a damaged file is refused instead of read out of bounds. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace hopscope::core {

/// Checks that `model` is a well-formed message with pieces, none of them empty, and that the
/// tables of its normaliser stay inside their own bounds. `name` stands for the file in messages
/// (usage).
Status check_sentencepiece_model(std::string_view model, const std::string& name);

/// Bytes of a line that one token of a checked model may stand for, at most. Nothing where there is
/// no such bound: its normaliser may leave out or shorten what it reads, or one "<unk>" stands for
/// any number of unknown characters.
std::optional<int64_t> most_bytes_of_token(std::string_view model);

}  // namespace hopscope::core
