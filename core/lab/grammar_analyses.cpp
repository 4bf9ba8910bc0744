// Which experts prefer function words to content words (science.md B3, E45).
#include <algorithm>
#include <map>

#include "core/lab/measured.h"
#include "core/measure/choice_counts.h"
#include "core/stats/multiple.h"

namespace hopscope::core::analysis {
namespace {

/// Thresholds of the paper (B3).
constexpr double kEnriched = 1.5, kSpecialist = 10, kDiscovery = 0.05;
constexpr size_t kTopExperts = 10, kTopWords = 5;

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
    for (size_t i = 0; i < std::min(kTopWords, order.size()); ++i) out.push_back(order[i].second);
    return out;
}

struct ExpertRow {
    int64_t expert = 0, tokens = 0;
    stats::OddsRatio odds;
    double p = stats::kNaN, q = stats::kNaN, function_share = stats::kNaN;
    bool enriched() const { return odds.ratio > kEnriched && q < kDiscovery; }
    bool specialist() const { return odds.ratio > kSpecialist && q < kDiscovery; }
};

std::vector<ExpertRow> grammar_rows(const std::vector<stats::Table2>& tables) {
    std::vector<ExpertRow> out;
    std::vector<double> p;
    for (size_t e = 0; e < tables.size(); ++e) {
        const auto& t = tables[e];
        ExpertRow row;
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

}  // namespace

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
                           std::to_string(content) + " of content words; both are needed");
    AnalysisOutput out;
    out.n = function + content;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "expert", "tokens", "odds_ratio", "ci95_low", "ci95_high", "p",
                         "q", "function_share"},
                        {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& layer = (*sample)->layers[l];
        auto rows = grammar_rows(group_tables(layer, (*sample)->experts, (*sample)->top_k, groups));
        for (const auto& r : rows)
            table.rows.push_back({std::to_string(l), std::to_string(r.expert),
                                  std::to_string(r.tokens), csv_number(r.odds.ratio),
                                  csv_number(r.odds.ci95.low), csv_number(r.odds.ci95.high),
                                  csv_number(r.p), csv_number(r.q), csv_number(r.function_share)});
        const auto count = [&](auto test) { return std::count_if(rows.begin(), rows.end(), test); };
        const auto experts = static_cast<int64_t>(rows.size());
        const int64_t enriched = count([](const ExpertRow&r) { return r.enriched(); }),
                      specialists = count([](const ExpertRow&r) { return r.specialist(); }),
                      tested = count([](const ExpertRow&r) { return r.tokens > 0; });
        std::stable_sort(rows.begin(), rows.end(), [](const ExpertRow& a, const ExpertRow& b) {
            return std::make_pair(a.enriched(), a.odds.ratio) >
                   std::make_pair(b.enriched(), b.odds.ratio);
        });
        OrderedJson top = OrderedJson::array();
        for (size_t i = 0; i < std::min(kTopExperts, static_cast<size_t>(enriched)); ++i)
            top.push_back(
                {{"id", rows[i].expert},
                 {"odds_ratio", json_number(rows[i].odds.ratio)},
                 {"ci95", json_interval(rows[i].odds.ci95.low, rows[i].odds.ci95.high)},
                 {"p", json_number(rows[i].p)},
                 {"q", json_number(rows[i].q)},
                 {"function_share", json_number(rows[i].function_share)},
                 {"tokens", rows[i].tokens},
                 {"words", words_of_expert(layer, (*sample)->top_k, rows[i].expert, **text)}});
        layers.push_back({{"experts", experts},
                          {"tested", tested},
                          {"enriched", share_over(enriched, experts)},
                          {"specialists", share_over(specialists, experts)},
                          {"top", top}});
    }
    out.result = {{"classes_from", (*text)->syntax_source},
                  {"function_tokens", function},
                  {"content_tokens", content},
                  {"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
