// Everything about one prompt, recorded by a probe in the one forward pass
// (docs/formats.md#trace-of-a-prompt). Thread: whoever owns the weights; the result is plain
// values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/model/forward.h"
#include "core/model/model.h"
#include "core/model/weights.h"
#include "core/probe/plan.h"
#include "core/text/tokenizer.h"

namespace hopscope::core {

/// Records hops and norms of a pass over one sequence of T tokens.
class TraceProbe : public Probe {
  public:
    TraceProbe(int64_t tokens, bool positions) : tokens_(tokens), positions_(positions) {}
    void after_hop(int64_t layer, int64_t hop, const HopRecord& record) override;
    void attention(int64_t layer, const at::Tensor& out) override;
    void update(int64_t layer, const at::Tensor& out) override;
    /// The layers recorded so far; hops that no token ran are filled up to `hops_of(layer)`.
    std::vector<TraceLayer> take(const Config& config);

  private:
    TraceLayer& at_layer(int64_t layer);
    int64_t tokens_;
    bool positions_;
    std::vector<TraceLayer> layers_;
};

/// One recorded pass.
struct TracedPass {
    at::Tensor hidden;  ///< [B·T, d] after the final LayerNorm
    std::vector<TraceLayer> layers;
};
/// The pass of every trace, of a prompt or of a batch of a corpus.
/// @param edited edited_model() of the plan
/// @param ids [B, T] int64 on the device of the weights; token scopes count within each sequence
TracedPass traced_pass(const Model& edited, const Plan& plan, const at::Tensor& ids,
                       bool positions);

/// Log-probabilities of the token behind each row of hidden states, [n, d] → [n, V] fp32.
at::Tensor token_log_p(const Weights& weights, const at::Tensor& hidden);

/// NLL of targets [n] int64 under log-probabilities [n, V]. Rows beyond the targets are left out.
std::vector<float> target_nll(const at::Tensor& log_p, const at::Tensor& targets);

/// NLL of the target behind each token, [B·T], some rows at a time: log-probabilities of a whole
/// batch would be the largest tensor of all.
/// @param hidden [B·T, d] after the final norm
/// @param targets [B·T] int64
std::vector<float> nll_of_targets(const Weights& weights, const at::Tensor& hidden,
                                  const at::Tensor& targets);

/// The elements of a tensor of any type and device, row-major, as plain floats.
std::vector<float> floats(const at::Tensor& t);

struct TraceInput {
    std::string prompt;
    bool positions = true;
    bool cut = false;  ///< cut a prompt longer than max_seq_len instead of refusing it
    Plan plan;
};

/// Errors (usage): empty prompt, not UTF-8, longer than max_seq_len.
Result<TraceResult> trace_prompt(const Model& model, const Tokenizer& tokenizer,
                                 const TraceInput& input);

/// Most likely next tokens of a row of log-probabilities [V], falling, ties by lowest id.
std::vector<NextToken> top_tokens(const at::Tensor& log_p, const Tokenizer& tokenizer, int64_t n);
/// The same for each row of [T, V].
std::vector<std::vector<NextToken>> top_tokens_of_rows(const at::Tensor& log_p,
                                                       const Tokenizer& tokenizer, int64_t n);

/// Token ids of a prompt, checked against max_seq_len; errors as trace_prompt.
Result<std::vector<Piece>> prompt_pieces(const Config& config, const Tokenizer& tokenizer,
                                         const std::string& prompt, bool cut);
/// Of a prompt that prompt_pieces refuses for its length alone.
TooLong too_long(const Config& config, const Tokenizer& tokenizer, const std::string& prompt);

}  // namespace hopscope::core
