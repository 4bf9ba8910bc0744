#include "core/analyses/measured.h"

#include <algorithm>
#include <cmath>

#include "core/model/sound.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::analysis {

Result<const BatchSource*> Measured::source(const Progress& progress, int64_t batches) {
    if (!source_) {
        if (!corpus_.empty() && !scratch_) {
            auto scratch = Scratch::make("analyze");
            if (!scratch) return scratch.error();
            scratch_.emplace(std::move(*scratch));
        }
        auto made = eval_source(run_.folder, run_.model.config, run_.tokenizer, corpus_,
                                Split::valid, scratch_ ? scratch_->path() : "", progress);
        if (!made) return made.error();
        source_.emplace(std::move(*made));
    }
    read_ = std::max(read_, std::min(batches, source_->eval_batches()));
    return &*source_;
}

std::optional<TextRead> Measured::text_read() const {
    if (read_ == 0) return {};
    return TextRead{corpus_.empty() ? source_name(run_.model.config) : corpus_,
                    source_->tokens().content_hash(), read_};
}

Result<const RoutingSample*> Measured::sample(const Progress& progress) {
    auto batches = source(progress, kAnalysisBatches);
    if (!batches) return batches.error();
    if (!sample_) {
        auto made = sample_routing(run_.model, **batches, kAnalysisBatches, progress);
        if (!made) return made.error();
        sample_.emplace(std::move(*made));
    }
    return &*sample_;
}

Result<const Dictionary*> Measured::dictionary(uint64_t seed, const Progress& progress) {
    if (!dictionary_) {
        DictionaryOptions options;
        options.seed = seed;
        auto made = read_dictionary(run_.model.weights, options, progress);
        if (!made) return made.error();
        dictionary_.emplace(std::move(*made));
    }
    return &*dictionary_;
}

Result<const TokenText*> Measured::text(const AnalysisContext& context) {
    if (!text_) {
        auto batches = source(context.progress, 0);
        if (!batches) return batches.error();
        auto made = read_token_text(run_, **batches, kAnalysisBatches, !corpus_.empty(),
                                    context.category_dirs);
        if (!made) return made.error();
        text_.emplace(std::move(*made));
    }
    return &*text_;
}

Result<const TokenText*> Measured::text_with_syntax(const AnalysisContext& context) {
    auto made = text(context);
    if (made && (*made)->syntax.empty())
        return usage_error(
            "which words are function words is unknown: the text is not the run's own synthetic "
            "one, and no folder of word lists with function.toml was found; name "
            "such a folder");
    return made;
}

Result<const ScoreSample*> Measured::scores(const Progress& progress) {
    auto batches = source(progress, kAnalysisBatches);
    if (!batches) return batches.error();
    if (!scores_) {
        auto made = sample_scores(run_.model, **batches, kAnalysisBatches, progress);
        if (!made) return made.error();
        scores_.emplace(std::move(*made));
    }
    return &*scores_;
}

Result<const Evaluation*> Measured::base(const Progress& progress) {
    if (const auto why = missing(Need::experts, run_.model.config)) return usage_error(*why);
    auto batches = source(progress, kAnalysisBatches);
    if (!batches) return batches.error();
    if (!base_) {
        auto made = evaluate(run_.model, **batches, kAnalysisBatches, {}, progress);
        if (!made) return made.error();
        if (!std::isfinite(std::exp(made->loss))) return diverged("the perplexity");
        base_.emplace(std::move(*made));
    }
    return &*base_;
}

}  // namespace hopscope::core::analysis
