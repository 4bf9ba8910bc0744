// The text behind the evaluation batches of an analysis: words, their classes, and which tokens
// are of function words and which of content words [def:grammar]. Made once for one
// `analyze` call, then plain values. Calling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/text/batches.h"
#include "core/text/truth.h"
#include "core/text/words.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::analysis {

/// Groups of TokenText::syntax.
inline constexpr int8_t kFunctionWord = 0, kContentWord = 1, kNoWord = -1;

/// [tokens] counts the input tokens of the batches, row by row as the forward passes take them.
struct TokenText {
    std::vector<int32_t> ids;      ///< [tokens]
    std::vector<WordSpan> words;   ///< in order
    std::vector<int32_t> word_of;  ///< [tokens] index into words; −1: in no word, or punctuation
    std::optional<Truth> truth;    ///< of a run on its own synthetic text
    std::vector<std::string> classes;  ///< [tokens] of the truth, "" where none; empty without
    std::vector<int8_t> syntax;        ///< [tokens]; empty where nothing tells the classes
    std::string syntax_source;         ///< what told them, for the documents

    /// Whether a document ends between two neighbouring words.
    bool parted(const WordSpan& before, const WordSpan& after, int32_t eos) const;
};

/// @param foreign the batches are of another text than the run's own, so that its truth is silent
/// @param category_dirs where function.toml may lie; the first folder that exists is read
/// Errors (usage): a damaged truth file or word list.
Result<TokenText> read_token_text(const OpenRun& run, const BatchSource& source, int64_t batches,
                                  bool foreign, const std::vector<std::string>& category_dirs);

}  // namespace hopscope::core::analysis
