#include "core/lab/zeroshot_score.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>
#include <numeric>

#include "core/base/utf8.h"
#include "core/model/sound.h"
#include "core/probe/planned_pass.h"
#include "kernels/ops.h"

namespace hopscope::core::lab {
namespace {

/// Tokens of a pass, padding included: large enough for the matrix products, small enough to answer
/// a cancellation soon.
constexpr int64_t kPassTokens = 2048;

int64_t input_length(const ScoredText& text) {
    return static_cast<int64_t>(text.ids.size()) - 1;
}

/// Adds the scores of one pass over `members` to `scores`.
void score_pass(const Model& edited, const Plan& plan, const std::vector<ScoredText>& texts,
                const std::vector<size_t>& members, std::vector<double>& scores) {
    int64_t length = 0;
    for (const size_t m : members) length = std::max(length, input_length(texts[m]));
    std::vector<int64_t> ids(members.size() * static_cast<size_t>(length), 0), rows, targets;
    for (size_t r = 0; r < members.size(); ++r) {
        const ScoredText& text = texts[members[r]];
        const auto begin = static_cast<int64_t>(r) * length;
        std::copy(text.ids.begin(), text.ids.end() - 1, ids.begin() + begin);
        for (int64_t t = text.first; t <= input_length(text); ++t) {
            rows.push_back(begin + t - 1);
            targets.push_back(text.ids[static_cast<size_t>(t)]);
        }
    }
    const auto device = edited.weights.embed.device();
    const auto input = at::from_blob(ids.data(), {static_cast<int64_t>(members.size()), length},
                                     at::TensorOptions().dtype(at::kLong))
                           .to(device);
    const auto index = at::tensor(at::ArrayRef<int64_t>(rows)).to(device);
    const auto wanted = at::tensor(at::ArrayRef<int64_t>(targets)).to(device);
    const auto hidden = planned_hidden(edited, plan, input).index_select(0, index);
    const auto nll = kernels::classifier(hidden.to(edited.weights.embed.scalar_type()),
                                         edited.weights.embed, wanted)
                         .nll.to(at::kCPU, at::kDouble)
                         .contiguous();
    const double* p = nll.const_data_ptr<double>();
    for (const size_t m : members)
        for (int64_t t = texts[m].first; t <= input_length(texts[m]); ++t) scores[m] -= *p++;
}

}  // namespace

Result<ScoredText> encode_choice(const Config& config, const Tokenizer& tokenizer,
                                 const ZeroshotChoice& choice) {
    const auto pieces =
        tokenizer.encode_prompt(choice.context + choice.continuation, config.data.separator);
    if (!pieces) return pieces.error();
    const auto border = static_cast<int64_t>(choice.context.size());
    const auto behind = std::find_if(pieces->begin(), pieces->end(),
                                     [&](const Piece& p) { return p.end > border; });
    ScoredText out;
    // Nothing stands before the first token, so it has no probability.
    out.first = std::max<int64_t>(1, behind - pieces->begin());
    if (out.first >= static_cast<int64_t>(pieces->size()))
        return usage_error("no token of " + in_quotes(choice.continuation) +
                           " can be scored; a longer context or choice is needed");
    out.joined = (*pieces)[static_cast<size_t>(out.first)].begin < border;
    for (const Piece& p : *pieces) out.ids.push_back(p.id);
    const int64_t surplus = input_length(out) - config.model.max_seq_len;
    if (surplus > 0) {
        out.ids.erase(out.ids.begin(), out.ids.begin() + surplus);
        out.context_cut = true;
        out.continuation_cut = out.first - surplus < 1;
        out.first = std::max<int64_t>(1, out.first - surplus);
    }
    return out;
}

Result<std::vector<double>> score_texts(const Model& model, const Plan& plan,
                                        const std::vector<ScoredText>& texts,
                                        const Progress& progress) {
    const c10::AutoGradMode no_grad(false);
    const auto edited = edited_model(model, plan);
    // The longest first: what does not fit into memory fails at once.
    std::vector<size_t> order(texts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return texts[a].ids.size() > texts[b].ids.size(); });
    int64_t all = 0, done = 0;
    for (const ScoredText& text : texts) all += input_length(text);
    std::vector<double> scores(texts.size(), 0.0);
    for (size_t next = 0; next < order.size();) {
        if (progress.cancelled()) return stopped_on_request("scoring");
        progress.report("scoring", static_cast<double>(done) / static_cast<double>(all));
        const int64_t longest = input_length(texts[order[next]]);
        const auto size = static_cast<size_t>(std::max<int64_t>(1, kPassTokens / longest));
        const size_t end = std::min(order.size(), next + size);
        const std::vector<size_t> members(order.begin() + static_cast<std::ptrdiff_t>(next),
                                          order.begin() + static_cast<std::ptrdiff_t>(end));
        score_pass(edited, plan, texts, members, scores);
        for (const size_t m : members) done += input_length(texts[m]);
        next = end;
    }
    if (!std::all_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); }))
        return diverged("the score of a choice");
    return scores;
}

}  // namespace hopscope::core::lab
