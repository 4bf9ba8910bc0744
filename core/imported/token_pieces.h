// What the ids of a recorded trace spell, as the metadata "pieces" of its file tells it: a list
// with the text of every id of the vocabulary, or an object with those that occur, {"17": " the"}.
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "core/base/result.h"

namespace hopscope::core {

using TokenPieces = std::map<int32_t, std::string>;

/// Those of the ids that occur among `tokens`. Errors (usage) begin with `name`: neither list nor
/// object, a key that is no id, a text that is none.
Result<TokenPieces> parse_pieces(const std::string& json, std::span<const int32_t> tokens,
                                 const std::string& name);
/// As an object, one line.
std::string pieces_json(const TokenPieces& pieces);

}  // namespace hopscope::core
