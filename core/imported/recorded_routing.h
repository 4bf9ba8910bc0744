// A recorded trace of a published model: which experts each token was sent to in each layer, and
// the router's numbers where the trace has them. What it does not hold is empty, and is never made
// up. As a file it is hopscope.routing/1 (docs/formats.md#routing-of-a-text), with the model's own
// layer numbers. Plain values, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/imported/model_layout.h"
#include "core/imported/router_inputs.h"
#include "core/imported/token_pieces.h"

namespace hopscope::core {

/// A router's choices for S texts of at most T tokens; rows behind the end of a text are −1 and
/// NaN.
struct RecordedLayer {
    int64_t layer = 0;  ///< the model's own number
    std::string pool;
    int64_t experts = 0, top_k = 0;
    std::vector<int32_t> chosen;           ///< [S, T, k]
    std::vector<float> weights;            ///< [S, T, k], or empty
    std::vector<float> entropy, max_prob;  ///< [S, T], or empty
    RouterInputs inputs = {};              ///< what entered it, or empty
};

struct RecordedRouting {
    int64_t sequences = 0, length = 0;
    std::vector<int32_t> tokens;      ///< [S, T] ids, or empty
    std::vector<int32_t> next_token;  ///< [S] behind the last row, −1 unknown; or empty
    /// [S] tokens of each text before its first row, which were left out; empty: none
    std::vector<int32_t> skipped;
    TokenPieces pieces;  ///< what ids spell; may lack some, or all
    std::vector<RecordedLayer> layers;
    std::vector<std::string> notes;

    int64_t skipped_of(size_t text) const { return text < skipped.size() ? skipped[text] : 0; }
    /// Rows that hold a token: S·T without what stands behind the ends of shorter texts.
    int64_t rows() const;
};

/// Errors (failed): the disk.
Status write_routing(const std::string& path, const RecordedRouting& routing,
                     const ModelLayout& model, const std::string& source);

/// A file of hopscope.routing/1. Where it holds `logits` and no weights (or entropy, or max_prob)
/// these are computed by the model's rule. Errors (usage): another format, tensors of another
/// shape, layers or experts that this model has not, numbers that no rule gives (not finite, out of
/// range), with text and token.
/// @param corrections of the routers, by router_prefix(); may lack those that no logits ask for
Result<RecordedRouting> read_routing(const std::string& path, const ModelLayout& model,
                                     const std::map<std::string, std::vector<float>>& corrections);

}  // namespace hopscope::core
