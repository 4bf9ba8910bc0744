// What several analyses of one model share: the evaluation batches and one pass over them. Made
// when first asked for, kept for one `analyze` call. Calling thread.
#pragma once

#include <optional>
#include <string>

#include "core/analyses/analysis.h"
#include "core/analyses/token_text.h"
#include "core/base/scratch.h"
#include "core/measure/dictionary.h"
#include "core/measure/routing_sample.h"
#include "core/measure/score_sample.h"
#include "core/train/evaluate.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::analysis {

class Measured {
  public:
    /// @param corpus text to measure on; "" = the run's own validation part
    Measured(const OpenRun& run, std::string corpus) : run_(run), corpus_(std::move(corpus)) {}
    const OpenRun& run() const { return run_; }
    /// @param batches that the caller is about to read, for the account below
    Result<const BatchSource*> source(const Progress& progress, int64_t batches);
    /// Begins a new account of what is read.
    void forget_reading() { read_ = 0; }
    /// The text that models were run over since, or a kept measurement of it was used; none
    /// otherwise.
    std::optional<TextRead> text_read() const;
    Result<const RoutingSample*> sample(const Progress& progress);
    /// What the experts write (twenty words each). @param seed of the first call counts
    Result<const Dictionary*> dictionary(uint64_t seed, const Progress& progress);
    /// Words and classes of the tokens of these batches. `syntax` may be empty.
    Result<const TokenText*> text(const AnalysisContext& context);
    /// The same, refused where function words cannot be told from content words.
    Result<const TokenText*> text_with_syntax(const AnalysisContext& context);
    /// Router scores beside activations.
    Result<const ScoreSample*> scores(const Progress& progress);
    /// Losses of the model as it is. Errors: usage for a dense model.
    Result<const Evaluation*> base(const Progress& progress);

  private:
    const OpenRun& run_;
    std::string corpus_;
    int64_t read_ = 0;                ///< batches of this account
    std::optional<Scratch> scratch_;  ///< of a foreign corpus; goes after what reads from it
    std::optional<BatchSource> source_;
    std::optional<RoutingSample> sample_;
    std::optional<Dictionary> dictionary_;
    std::optional<TokenText> text_;
    std::optional<ScoreSample> scores_;
    std::optional<Evaluation> base_;
};

/// Batches every analysis of a model looks at [def:validation].
inline constexpr int64_t kAnalysisBatches = 50;

}  // namespace hopscope::core::analysis
