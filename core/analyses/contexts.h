// Where each expert acts: its strongest uses and a sample over the whole range of them, by token
// of the evaluation batches or of a recorded trace. Thread: whoever owns the weights; results are
// plain.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/analyses/document.h"
#include "core/api/progress.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core::analysis {

/// One (token, hop) that chose an expert.
struct ExpertUse {
    int32_t token = 0;  ///< index into the input tokens of the batches, row by row
    int16_t hop = 0;
    float strength = 0;  ///< ‖weight · expert(h)‖, the norm of what it added (composition "sum")
    float weight = 0;    ///< of the routing
};

struct ExpertContexts {
    int64_t uses = 0;
    std::vector<ExpertUse> top;     ///< falling strength
    std::vector<ExpertUse> sample;  ///< one drawn from each equal part of all uses by rank, falling
};

/// [layers][M]. @param top how many of the strongest; `parts` how many equal parts are sampled
/// Errors: usage for a dense model; interrupted.
Result<std::vector<std::vector<ExpertContexts>>> expert_contexts(const Model& model,
                                                                 const BatchSource& source,
                                                                 int64_t batches, size_t top,
                                                                 size_t parts, uint64_t seed,
                                                                 const Progress& progress);

inline constexpr size_t kTopUses = 5, kRankParts = 5;

/// The strongest of an expert's uses, and one drawn from each equal part of them by rank; of
/// equally strong ones the earlier counts as the stronger.
ExpertContexts contexts_of(std::vector<ExpertUse> uses, size_t top, size_t parts, Random& random);

/// The text that tokens stand in.
struct ContextText {
    std::function<std::string(int64_t from, int64_t to)> text;  ///< of tokens [from, to)
    /// Tokens [from, to) of the text that a token is of: a window ends where it does.
    std::function<std::pair<int64_t, int64_t>(int64_t token)> bounds;
};
/// A layer's part of the document, uses with the text around them; a row each in the table.
Fields contexts_layer(int64_t layer, const std::vector<ExpertContexts>& experts,
                      const ContextText& text, Table& table);

/// A piece with SentencePiece's space marks as blanks.
std::string without_marks(std::string_view piece);

}  // namespace hopscope::core::analysis
