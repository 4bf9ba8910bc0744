// What several analyses of one model share: the evaluation batches and one pass over them. Made
// when first asked for, kept for one `analyze` call. Calling thread.
#pragma once

#include <optional>
#include <string>

#include "core/analysis/analysis.h"
#include "core/lab/open_run.h"
#include "core/lab/scratch.h"
#include "core/lab/token_text.h"
#include "core/measure/dictionary.h"
#include "core/measure/routing_sample.h"
#include "core/measure/score_sample.h"
#include "core/train/engine.h"

namespace hopscope::core {

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
    std::optional<analysis::TextRead> text_read() const;
    Result<const RoutingSample*> sample(const Progress& progress);
    /// What the experts write (twenty words each). @param seed of the first call counts
    Result<const Dictionary*> dictionary(uint64_t seed, const Progress& progress);
    /// Words and classes of the tokens of these batches. `syntax` may be empty.
    Result<const TokenText*> text(const analysis::AnalysisContext& context);
    /// The same, refused where function words cannot be told from content words.
    Result<const TokenText*> text_with_syntax(const analysis::AnalysisContext& context);
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

/// Batches every analysis of a model looks at (science.md E25).
inline constexpr int64_t kAnalysisBatches = 50;

namespace analysis {

// The analyses of routing on a model (core/measure).
Result<AnalysisOutput> jaccard(const AnalysisContext& context);
Result<AnalysisOutput> hop_divergence(const AnalysisContext& context);
Result<AnalysisOutput> echo(const AnalysisContext& context);
Result<AnalysisOutput> displacement(const AnalysisContext& context);
Result<AnalysisOutput> load(const AnalysisContext& context);
Result<AnalysisOutput> confidence(const AnalysisContext& context);
Result<AnalysisOutput> norms(const AnalysisContext& context);
Result<AnalysisOutput> collinearity(const AnalysisContext& context);
Result<AnalysisOutput> density(const AnalysisContext& context);
Result<AnalysisOutput> identity(const AnalysisContext& context);
Result<AnalysisOutput> zeroing(const AnalysisContext& context);
Result<AnalysisOutput> frozen_routing(const AnalysisContext& context);
Result<AnalysisOutput> hop_knockout(const AnalysisContext& context);
// Router and experts (coupling_analyses.cpp), and what becomes of them (dynamics_analyses.cpp).
Result<AnalysisOutput> coupling(const AnalysisContext& context);
Result<AnalysisOutput> amplification(const AnalysisContext& context);
Result<AnalysisOutput> drift(const AnalysisContext& context);
Result<AnalysisOutput> grad_norms(const AnalysisContext& context);

// Those of the experts' words.
Result<AnalysisOutput> dictionary(const AnalysisContext& context);
Result<AnalysisOutput> clusters(const AnalysisContext& context);
Result<AnalysisOutput> category_search(const AnalysisContext& context);
Result<AnalysisOutput> cross_seed(const AnalysisContext& context);
// What experts and positions stand for.
Result<AnalysisOutput> grammar(const AnalysisContext& context);
Result<AnalysisOutput> silhouette(const AnalysisContext& context);
Result<AnalysisOutput> logit_lens(const AnalysisContext& context);
Result<AnalysisOutput> polysemy(const AnalysisContext& context);
Result<AnalysisOutput> contexts(const AnalysisContext& context);
Result<AnalysisOutput> coactivation(const AnalysisContext& context);
Result<AnalysisOutput> specialisation(const AnalysisContext& context);

}  // namespace analysis
}  // namespace hopscope::core
