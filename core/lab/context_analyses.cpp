// The text in which each expert acts, as a document.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/lab/measured.h"
#include "core/measure/expert_contexts.h"
#include "core/text/words.h"

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kContextBatches = 20;
constexpr size_t kTop = 5, kParts = 5;
/// Of a layer, those used most: an expert takes some 3 KB of the document. The table has all.
constexpr size_t kListedExperts = 256;
constexpr int64_t kWindowBefore = 10, kWindowAfter = 4;  ///< tokens

/// Tokens [from, to) as text: space marks as blanks, ends of lines as such.
std::string text_of(const Tokenizer& tokenizer, const std::vector<int32_t>& ids, int64_t from,
                    int64_t to) {
    std::string out;
    for (int64_t i = from; i < to; ++i) {
        const int32_t id = ids[static_cast<size_t>(i)];
        const auto piece = id == tokenizer.newline_id() ? "\n" : spelled(tokenizer.piece(id));
        for (size_t at = 0; at < piece.size();) {
            const bool mark = piece.compare(at, kSpaceMark.size(), kSpaceMark) == 0;
            out += mark ? ' ' : piece[at];
            at += mark ? kSpaceMark.size() : 1;
        }
    }
    return out;
}

/// Five digits are enough for a ranking, and keep the document small.
double rounded(float x) {
    return std::round(static_cast<double>(x) * 1e5) / 1e5;
}

}  // namespace

Result<AnalysisOutput> contexts(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kContextBatches);
    if (!source) return source.error();
    auto text = context.measured->text(context);
    if (!text) return text.error();
    auto layers = expert_contexts(run.config, run.weights, **source, kContextBatches, kTop, kParts,
                                  context.seed, context.progress);
    if (!layers) return layers.error();
    const int64_t length = (*source)->seq_len();
    AnalysisOutput out;
    out.n = std::min(kContextBatches, (*source)->eval_batches()) * (*source)->batch() * length;
    OrderedJson listed_layers = OrderedJson::array();
    AnalysisTable table{
        "",
        {"layer", "expert", "kind", "strength", "weight", "hop", "before", "token", "after"},
        {}};
    for (size_t l = 0; l < layers->size(); ++l) {
        const auto& experts = (*layers)[l];
        std::vector<size_t> order(experts.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](size_t a, size_t b) { return experts[a].uses > experts[b].uses; });
        std::vector<char> listed(experts.size(), 0);
        for (size_t i = 0; i < std::min(order.size(), kListedExperts); ++i) listed[order[i]] = 1;
        OrderedJson list = OrderedJson::array();
        for (size_t e = 0; e < experts.size(); ++e) {
            if (experts[e].uses == 0) continue;
            const auto uses_json = [&](const std::vector<ExpertUse>& uses, const char* kind) {
                OrderedJson rows = OrderedJson::array();
                for (const auto& use : uses) {
                    // A window ends where the sequence does that the model saw.
                    const int64_t t = use.token, begin = t / length * length;
                    const auto& ids = (*text)->ids;
                    const auto before = text_of(run.tokenizer, ids,
                                                std::max(begin, t - kWindowBefore), t),
                               token = text_of(run.tokenizer, ids, t, t + 1),
                               after = text_of(run.tokenizer, ids, t + 1,
                                               std::min(begin + length, t + 1 + kWindowAfter));
                    rows.push_back({{"strength", json_number(rounded(use.strength))},
                                    {"weight", json_number(rounded(use.weight))},
                                    {"hop", use.hop},
                                    {"before", before},
                                    {"token", token},
                                    {"after", after}});
                    table.rows.push_back({std::to_string(l), std::to_string(e), kind,
                                          csv_number(rounded(use.strength)),
                                          csv_number(rounded(use.weight)), std::to_string(use.hop),
                                          before, token, after});
                }
                return rows;
            };
            OrderedJson expert = {{"id", e},
                                  {"uses", experts[e].uses},
                                  {"top", uses_json(experts[e].top, "top")},
                                  {"sample", uses_json(experts[e].sample, "sample")}};
            if (listed[e]) list.push_back(std::move(expert));
        }
        listed_layers.push_back(
            {{"experts_used", std::count_if(experts.begin(), experts.end(),
                                            [](const ExpertContexts& x) { return x.uses > 0; })},
             {"experts_listed", list.size()},
             {"experts", list}});
    }
    out.result = {{"layers", listed_layers}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
