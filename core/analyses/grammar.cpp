// Analysis `grammar`: which experts prefer function words to content words [def:grammar]?
#include <algorithm>
#include <map>

#include "core/analyses/measured.h"
#include "core/measure/choice_counts.h"
#include "core/stats/multiple.h"

namespace hopscope::core::analysis {
namespace {

/// Thresholds of arXiv 2604.14434 [def:grammar].
constexpr double kEnriched = 1.5, kSpecialist = 10, kDiscovery = 0.05;
constexpr size_t kGrammarExperts = 10, kExpertWords = 5;

/// The words that most of an expert's tokens are of.
std::vector<std::string> words_of_expert(const LayerSample& layer, int64_t top_k, int64_t expert,
                                         const TokenText& text) {
    std::map<std::string, int64_t> counts;
    for (const int64_t t : tokens_of(layer, top_k, expert))
        if (const int32_t w = text.word_of[static_cast<size_t>(t)]; w >= 0)
            ++counts[text.words[static_cast<size_t>(w)].word];
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto& [word, count] : counts) order.emplace_back(-count, word);
    std::sort(order.begin(), order.end());
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(kExpertWords, order.size()); ++i)
        out.push_back(order[i].second);
    return out;
}

struct GrammarRow {
    int64_t expert = 0, tokens = 0;
    stats::OddsRatio odds;
    double p = stats::kNaN, q = stats::kNaN, function_share = stats::kNaN;
    bool enriched() const { return odds.ratio > kEnriched && q < kDiscovery; }
    bool specialist() const { return odds.ratio > kSpecialist && q < kDiscovery; }
};

std::vector<GrammarRow> grammar_rows(const std::vector<stats::Table2>& tables) {
    std::vector<GrammarRow> out;
    std::vector<double> p;
    for (size_t e = 0; e < tables.size(); ++e) {
        const auto& t = tables[e];
        GrammarRow row;
        row.expert = static_cast<int64_t>(e);
        row.tokens = t.a + t.c;
        // An expert that nothing was routed to is no test.
        if (row.tokens > 0) {
            row.odds = stats::odds_ratio(t);
            row.p = stats::fisher_exact(t);
            row.function_share = static_cast<double>(t.a) / static_cast<double>(row.tokens);
        }
        p.push_back(row.p);
        out.push_back(row);
    }
    const auto q = stats::benjamini_hochberg(p);
    for (size_t e = 0; e < out.size(); ++e) out[e].q = q[e];
    return out;
}

Fields row_fields(size_t layer, const GrammarRow& r) {
    Fields out;
    out.place("layer", static_cast<int64_t>(layer))
        .count("id", r.expert, "expert")
        .count("tokens", r.tokens)
        .estimate("odds_ratio", {r.odds.ratio, r.odds.ci95, r.tokens, "tokens"})
        .number("p", r.p)
        .number("q", r.q)
        .number("function_share", r.function_share);
    return out;
}

Fields layer_grammar(size_t index, const RoutingSample& sample, const TokenText& text,
                     Table& table) {
    const auto& layer = sample.layers[index];
    auto rows = grammar_rows(group_tables(layer, sample.experts, sample.top_k, text.syntax));
    for (const auto& r : rows) table.add(row_fields(index, r));
    const auto count = [&](auto test) { return std::count_if(rows.begin(), rows.end(), test); };
    const auto experts = static_cast<int64_t>(rows.size());
    const int64_t enriched = count([](const GrammarRow&r) { return r.enriched(); }),
                  specialists = count([](const GrammarRow&r) { return r.specialist(); });
    std::stable_sort(rows.begin(), rows.end(), [](const GrammarRow& a, const GrammarRow& b) {
        return std::make_pair(a.enriched(), a.odds.ratio) >
               std::make_pair(b.enriched(), b.odds.ratio);
    });
    Fields out;
    out.count("experts", experts)
        .count("tested", count([](const GrammarRow& r) { return r.tokens > 0; }))
        .estimate("enriched", share_over(enriched, experts, "experts"))
        .estimate("specialists", share_over(specialists, experts, "experts"))
        .list("top");
    for (size_t i = 0; i < std::min(kGrammarExperts, static_cast<size_t>(enriched)); ++i) {
        Fields expert = row_fields(index, rows[i]);
        expert.json("words", words_of_expert(layer, sample.top_k, rows[i].expert, text));
        out.add("top", expert);
    }
    return out;
}

Result<AnalysisOutput> grammar(const AnalysisContext& context) {
    auto text = context.measured->text_with_syntax(context);
    if (!text) return text.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    const auto& groups = (*text)->syntax;
    const int64_t function = std::count(groups.begin(), groups.end(), kFunctionWord),
                  content = std::count(groups.begin(), groups.end(), kContentWord);
    if (function == 0 || content == 0)
        return usage_error("the text has " + std::to_string(function) + " tokens of function and " +
                           std::to_string(content) + " of content words, by the " +
                           (*text)->syntax_source + "; both are needed");
    AnalysisOutput out;
    out.n = function + content;
    out.result.text("classes_from", (*text)->syntax_source)
        .count("function_tokens", function)
        .count("content_tokens", content);
    for (size_t l = 0; l < (*sample)->layers.size(); ++l)
        out.result.add("layers", layer_grammar(l, **sample, **text, out.table()));
    return out;
}

}  // namespace

extern const Analysis kGrammar{
    "grammar",
    {Need::model, Need::routing},
    "for each expert the odds ratio of (token of a function word against token of a content word) "
    "x (routed to it in some hop of the layer or not), 0.5 added to each cell; Fisher's exact p, q "
    "by Benjamini-Hochberg over the experts of a layer. enriched: ratio > 1.5 and q < 0.05; "
    "specialists: ratio > 10. Neighbouring tokens are not independent, so p is optimistic. n: "
    "tokens.",
    grammar};

}  // namespace hopscope::core::analysis
