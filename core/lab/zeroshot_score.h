// ln P(continuation | context) of many texts by the one forward pass: how a text is split into
// tokens, cut and batched [def:choice_scoring]. Thread: whoever owns the weights.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/lab/zeroshot_items.h"
#include "core/model/model.h"
#include "core/probe/plan.h"
#include "core/text/tokenizer.h"

namespace hopscope::core::lab {

/// Tokens of a context and its continuation.
struct ScoredText {
    std::vector<int64_t> ids;
    int64_t first = 1;              ///< ids[first …] are scored, each given all before it
    bool context_cut = false;       ///< tokens were dropped from the left
    bool continuation_cut = false;  ///< so many that scored ones were among them
    bool joined = false;            ///< the first scored token also holds the context's last bytes
};

/// Context and continuation are encoded together, as a prompt is. Those tokens are scored whose
/// last byte lies behind the context; one that reaches across the border is among them. The model
/// reads all tokens but the last; where these are more than model.max_seq_len, tokens are dropped
/// from the left. Errors (usage): no token can be scored.
Result<ScoredText> encode_choice(const Config& config, const Tokenizer& tokenizer,
                                 const ZeroshotChoice& choice);

/// Summed log-likelihood of the scored tokens of each text, nats; log-probabilities in fp32, summed
/// in fp64. Texts of similar length share a pass; what is padded on the right of a shorter one is
/// read by none of its tokens. Errors: interrupted.
Result<std::vector<double>> score_texts(const Model& model, const Plan& plan,
                                        const std::vector<ScoredText>& texts,
                                        const Progress& progress);

}  // namespace hopscope::core::lab
