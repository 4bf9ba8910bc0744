// What the tokens of recorded choices are called, and their text where traces have it
// [def:recorded_choices]. Owns its copies; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/analyses/recorded_choices.h"
#include "core/imported/token_pieces.h"

namespace hopscope::core::analysis {

class RecordedText {
  public:
    explicit RecordedText(const ImportedContext& context);
    /// Whether some trace says what ids spell.
    bool spelled() const { return !pieces_.empty(); }
    /// The text of an id as traces have it, otherwise "#17".
    std::string name(int32_t id) const;
    /// Tokens [from, to) of ids as running text: space marks as blanks, ids without a text as #17.
    std::string text(const std::vector<int32_t>& ids, int64_t from, int64_t to) const;

  private:
    TokenPieces pieces_;  ///< of all traces
};

}  // namespace hopscope::core::analysis
