#include "core/analyses/token_text.h"

#include <algorithm>
#include <unordered_set>

#include "core/trainer/categories.h"
#include "core/trainer/run_data.h"

namespace hopscope::core::analysis {
namespace {

/// The input tokens of the first batches: without the last of each row, which is only a target.
std::vector<int32_t> input_ids(const BatchSource& source, int64_t batches) {
    const auto row = static_cast<std::ptrdiff_t>(source.seq_len() + 1);
    std::vector<int32_t> out, batch;
    for (int64_t i = 0; i < std::min(batches, source.eval_batches()); ++i) {
        source.eval_batch(i, batch);
        for (auto at = batch.begin(); at != batch.end(); at += row)
            out.insert(out.end(), at, at + row - 1);
    }
    return out;
}

}  // namespace

bool TokenText::parted(const WordSpan& before, const WordSpan& after, int32_t eos) const {
    for (size_t i = before.end; i < after.begin; ++i)
        if (ids[i] == eos) return true;
    return false;
}

Result<TokenText> read_token_text(const OpenRun& run, const BatchSource& source, int64_t batches,
                                  bool foreign, const std::vector<std::string>& category_dirs) {
    TokenText out;
    out.ids = input_ids(source, batches);
    out.words = words_of(run.tokenizer, out.ids);
    out.word_of.assign(out.ids.size(), -1);
    for (size_t w = 0; w < out.words.size(); ++w)
        for (size_t i = out.words[w].begin; i < out.words[w].end; ++i)
            if (!out.words[w].word.empty() && is_word_piece(run.tokenizer.piece(out.ids[i])))
                out.word_of[i] = static_cast<int32_t>(w);

    auto truth = foreign ? Result(std::optional<Truth>()) : stored_truth(run.folder);
    if (!truth) return truth.error();
    if (*truth) {
        out.classes = (*truth)->label_tokens(run.tokenizer, out.ids);
        for (const auto& name : out.classes)
            out.syntax.push_back(name.empty()         ? kNoWord
                                 : name == "function" ? kFunctionWord
                                                      : kContentWord);
        out.syntax_source = "word classes of the synthetic text (data/truth.json)";
        out.truth = std::move(*truth);
        return out;
    }
    auto lists = word_lists_for(run.folder, category_dirs);
    if (!lists) return lists.error();
    const auto list = lists->find("function");
    if (list == lists->end()) return out;
    std::unordered_set<std::string> function;
    for (const auto& word : list->second) function.insert(plain_word(word));
    for (const int32_t w : out.word_of)
        out.syntax.push_back(w < 0 ? kNoWord
                             : function.contains(out.words[static_cast<size_t>(w)].word)
                                 ? kFunctionWord
                                 : kContentWord);
    out.syntax_source = "word list function.toml, " + std::to_string(function.size()) + " words";
    return out;
}

}  // namespace hopscope::core::analysis
