// Which experts are chosen together, and what kinds of tokens each of them gets: OLMoE's
// co-activation and specialisation (arXiv 2409.02060), over the choices of the shared pass.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/lab/measured.h"
#include "core/measure/choice_counts.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kStrongestPairs = 20;
/// The CSV holds the matrix of a layer's most used experts.
constexpr size_t kMatrixExperts = 256;

/// Four digits, for matrices of shares.
double rounded(double x) {
    return std::round(x * 1e4) / 1e4;
}

struct Pair {
    size_t expert = 0, other = 0;
    int64_t together = 0, uses = 0, other_uses = 0;
    double share() const { return static_cast<double>(together) / static_cast<double>(uses); }
};

}  // namespace

Result<AnalysisOutput> coactivation(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    const RoutingSample& s = **sample;
    if (s.top_k < 2)
        return usage_error("moe.top_k = 1: no two experts are ever chosen in the same hop");
    const auto m = static_cast<size_t>(s.experts);
    AnalysisOutput out;
    out.n = s.tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable pairs_table{
        "", {"layer", "expert", "other", "together", "uses", "share", "expected"}, {}};
    AnalysisTable matrix{"matrix", {"layer", "expert"}, {}};
    for (size_t i = 0; i < std::min(m, kMatrixExperts); ++i)
        matrix.columns.push_back("rank_" + std::to_string(i));
    for (size_t l = 0; l < s.layers.size(); ++l) {
        const auto& layer = s.layers[l];
        const auto counts = pair_counts(layer, s.experts, s.top_k);
        const auto uses = [&](size_t e) { return counts[e * m + e]; };
        std::vector<Pair> pairs;
        std::vector<double> strongest;
        for (size_t i = 0; i < m; ++i) {
            if (uses(i) == 0) continue;
            double best = 0;
            for (size_t j = 0; j < m; ++j) {
                if (i == j || counts[i * m + j] == 0) continue;
                pairs.push_back({i, j, counts[i * m + j], uses(i), uses(j)});
                best = std::max(best, pairs.back().share());
            }
            strongest.push_back(best);
        }
        // An expert with a handful of uses has a strong partner by chance.
        const auto least =
            static_cast<int64_t>(0.1 *
                                 static_cast<double>(std::accumulate(
                                     layer.counts.begin(), layer.counts.end(), int64_t{0})) /
                                 static_cast<double>(m));
        std::erase_if(pairs, [&](const Pair& p) { return p.uses < std::max<int64_t>(least, 1); });
        const size_t shown = std::min(kStrongestPairs, pairs.size());
        std::partial_sort(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(shown),
                          pairs.end(), [](const Pair& a, const Pair& b) {
                              return std::make_tuple(-a.share(), a.expert, a.other) <
                                     std::make_tuple(-b.share(), b.expert, b.other);
                          });
        OrderedJson list = OrderedJson::array();
        for (size_t i = 0; i < shown; ++i) {
            const auto& p = pairs[i];
            // What j's uses alone would give: of a turn with i in it, the k − 1 other places.
            const auto turns =
                static_cast<double>(s.tokens * turns_of(layer, static_cast<int64_t>(p.other)));
            const double k = static_cast<double>(s.top_k),
                         expected = static_cast<double>(p.other_uses) / turns * (k - 1) / k;
            auto pair = share_over(p.together, p.uses);
            pair["expert"] = p.expert;
            pair["other"] = p.other;
            pair["uses"] = p.uses;
            pair["expected"] = json_number(expected);
            list.push_back(std::move(pair));
            pairs_table.rows.push_back({std::to_string(l), std::to_string(p.expert),
                                        std::to_string(p.other), std::to_string(p.together),
                                        std::to_string(p.uses), csv_number(p.share()),
                                        csv_number(expected)});
        }
        layers.push_back({{"strongest_partner", mean_over(strongest, "experts", context.seed)},
                          {"pairs", list}});
        std::vector<size_t> order(m);
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](size_t a, size_t b) { return uses(a) > uses(b); });
        order.resize(std::min(m, kMatrixExperts));
        for (const size_t i : order) {
            std::vector<std::string> row = {std::to_string(l), std::to_string(i)};
            for (const size_t j : order)
                row.push_back(csv_number(rounded(static_cast<double>(counts[i * m + j]) /
                                                 static_cast<double>(uses(i)))));
            matrix.rows.push_back(std::move(row));
        }
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(pairs_table));
    out.tables.push_back(std::move(matrix));
    return out;
}

namespace {

constexpr int64_t kPositionParts = 8;
constexpr size_t kDomains = 16, kTopIds = 10, kTopExperts = 5;
/// Token ids seen less often have a strong expert by chance.
constexpr int64_t kLeastOccurrences = 16;

/// Labels of tokens under a name each.
struct Labelling {
    std::vector<int32_t> of;  ///< [tokens], −1: none
    std::vector<std::string> names;
    std::string what;
};

/// Word classes of the synthetic text, or else its documents; the most frequent ones.
Labelling domains_of(const TokenText& text, int32_t eos) {
    std::vector<std::string> raw = text.classes;
    Labelling out;
    out.what = "word classes of the synthetic text";
    if (raw.empty()) {
        out.what = "documents of the text";
        int64_t document = 0;
        for (const int32_t id : text.ids) {
            raw.push_back("document " + std::to_string(document));
            if (id == eos) ++document;
        }
    }
    std::map<std::string, int64_t> counts;
    for (const auto& name : raw)
        if (!name.empty()) ++counts[name];
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto& [name, n] : counts) order.emplace_back(-n, name);
    std::sort(order.begin(), order.end());
    order.resize(std::min(order.size(), kDomains));
    std::map<std::string, int32_t> index;
    for (const auto& [n, name] : order) {
        index[name] = static_cast<int32_t>(out.names.size());
        out.names.push_back(name);
    }
    for (const auto& name : raw) {
        const auto found = index.find(name);
        out.of.push_back(found == index.end() ? -1 : found->second);
    }
    return out;
}

Labelling positions_of(int64_t tokens, int64_t length) {
    Labelling out;
    out.what = "eighths of the sequence";
    const int64_t parts = std::min(kPositionParts, length);
    for (int64_t p = 0; p < parts; ++p)
        out.names.push_back(std::to_string(p * length / parts) + " to " +
                            std::to_string((p + 1) * length / parts - 1));
    // The part p holds the positions of the name above.
    for (int64_t t = 0; t < tokens; ++t) {
        int64_t p = 0;
        while ((p + 1) * length / parts <= t % length) ++p;
        out.of.push_back(static_cast<int32_t>(p));
    }
    return out;
}

/// Shares of one labelling in one layer: N_{i, D} / N_D over the turns of the expert (OLMoE).
struct Shares {
    size_t labels = 0;
    std::vector<double> share;    ///< [M, labels]
    std::vector<double> overall;  ///< [M] over all labelled tokens
    double of(size_t expert, size_t label) const { return share[expert * labels + label]; }
};

Shares shares_of(const LayerSample& layer, const RoutingSample& s, const Labelling& labels) {
    const auto counts = label_counts(layer, s.experts, s.top_k, labels.of,
                                     static_cast<int64_t>(labels.names.size()));
    Shares out;
    out.labels = labels.names.size();
    const auto all = static_cast<double>(
        std::accumulate(counts.tokens.begin(), counts.tokens.end(), int64_t{0}));
    for (size_t e = 0; e < static_cast<size_t>(s.experts); ++e) {
        const auto turns = static_cast<double>(turns_of(layer, static_cast<int64_t>(e)));
        int64_t chosen = 0;
        for (size_t d = 0; d < out.labels; ++d) {
            const int64_t n = counts.chosen[e * out.labels + d];
            chosen += n;
            out.share.push_back(static_cast<double>(n) /
                                (static_cast<double>(counts.tokens[d]) * turns));
        }
        out.overall.push_back(static_cast<double>(chosen) / (all * turns));
    }
    return out;
}

/// Of each expert the label with the largest share, against the share over all labels.
OrderedJson strongest_json(const Shares& shares, const Labelling& labels, size_t layer,
                           uint64_t seed, AnalysisTable& table) {
    std::vector<double> best_shares;
    std::vector<std::pair<double, OrderedJson>> experts;
    for (size_t e = 0; e < shares.overall.size(); ++e) {
        if (!(shares.overall[e] > 0)) continue;
        size_t best = 0;
        for (size_t d = 0; d < shares.labels; ++d) {
            if (shares.of(e, d) > shares.of(e, best)) best = d;
            table.rows.push_back({std::to_string(layer), std::to_string(e), labels.names[d],
                                  csv_number(rounded(shares.of(e, d)))});
        }
        best_shares.push_back(shares.of(e, best));
        experts.emplace_back(-shares.of(e, best),
                             OrderedJson{{"id", e},
                                         {"label", labels.names[best]},
                                         {"share", json_number(shares.of(e, best))},
                                         {"overall", json_number(shares.overall[e])}});
    }
    std::stable_sort(experts.begin(), experts.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    OrderedJson top = OrderedJson::array();
    for (size_t i = 0; i < std::min(kTopExperts, experts.size()); ++i)
        top.push_back(experts[i].second);
    return {{"largest_share", mean_over(best_shares, "experts", seed)}, {"top", top}};
}

/// Token ids that occur often enough.
Labelling ids_of(const TokenText& text, const Tokenizer& tokenizer) {
    Labelling ids;
    std::map<int32_t, int64_t> counts;
    for (const int32_t id : text.ids) ++counts[id];
    std::map<int32_t, int32_t> index;
    for (const auto& [id, n] : counts)
        if (n >= kLeastOccurrences) {
            index[id] = static_cast<int32_t>(ids.names.size());
            ids.names.push_back(tokenizer.piece(id));
        }
    for (const int32_t id : text.ids) {
        const auto found = index.find(id);
        ids.of.push_back(found == index.end() ? -1 : found->second);
    }
    return ids;
}

/// Each expert's strongest token ids, and the mean of their shares.
OrderedJson vocabulary_json(const LayerSample& layer, const RoutingSample& s, const Labelling& ids,
                            size_t layer_index, uint64_t seed, AnalysisTable& table) {
    const auto shares = shares_of(layer, s, ids);
    std::vector<double> means;
    std::vector<std::pair<double, OrderedJson>> experts;
    for (size_t e = 0; e < shares.overall.size(); ++e) {
        if (!(shares.overall[e] > 0)) continue;
        std::vector<size_t> order(shares.labels);
        std::iota(order.begin(), order.end(), size_t{0});
        const size_t k = std::min(kTopIds, order.size());
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k),
                          order.end(), [&](size_t a, size_t b) {
                              return std::make_pair(-shares.of(e, a), a) <
                                     std::make_pair(-shares.of(e, b), b);
                          });
        double mean = 0;
        OrderedJson pieces = OrderedJson::array();
        for (size_t i = 0; i < k; ++i) {
            mean += shares.of(e, order[i]) / static_cast<double>(k);
            pieces.push_back({{"piece", ids.names[order[i]]},
                              {"share", json_number(rounded(shares.of(e, order[i])))}});
            table.rows.push_back({std::to_string(layer_index), std::to_string(e),
                                  ids.names[order[i]],
                                  csv_number(rounded(shares.of(e, order[i])))});
        }
        means.push_back(mean);
        experts.emplace_back(
            -mean, OrderedJson{{"id", e}, {"mean_share", json_number(mean)}, {"pieces", pieces}});
    }
    std::stable_sort(experts.begin(), experts.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    OrderedJson top = OrderedJson::array();
    for (size_t i = 0; i < std::min(kTopExperts, experts.size()); ++i)
        top.push_back(experts[i].second);
    return {{"ids", ids.names.size()},
            {"top_ids_share", mean_over(means, "experts", seed)},
            {"top", top}};
}

}  // namespace

Result<AnalysisOutput> specialisation(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kAnalysisBatches);
    if (!source) return source.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto text = context.measured->text(context);
    if (!text) return text.error();
    const RoutingSample& s = **sample;
    const auto domains = domains_of(**text, run.tokenizer.eos_id());
    const auto positions = positions_of(s.tokens, (*source)->seq_len());
    const auto ids = ids_of(**text, run.tokenizer);
    AnalysisOutput out;
    out.n = s.tokens;
    AnalysisTable by_domain{"domain", {"layer", "expert", "domain", "share"}, {}},
        by_position{"position", {"layer", "expert", "positions", "share"}, {}},
        by_id{"", {"layer", "expert", "piece", "share"}, {}};
    OrderedJson layers = OrderedJson::array();
    std::vector<double> even_shares;
    for (size_t l = 0; l < s.layers.size(); ++l) {
        const auto& layer = s.layers[l];
        OrderedJson even = OrderedJson::array();
        for (const auto& hop : layer.hops) {
            even_shares.push_back(static_cast<double>(s.top_k) /
                                  static_cast<double>(hop.pool_size));
            even.push_back(json_number(even_shares.back()));
        }
        OrderedJson row = {{"even_share", even},
                           {"vocabulary", vocabulary_json(layer, s, ids, l, context.seed, by_id)},
                           {"position", strongest_json(shares_of(layer, s, positions), positions, l,
                                                       context.seed, by_position)}};
        if (domains.names.size() > 1)
            row["domain"] =
                strongest_json(shares_of(layer, s, domains), domains, l, context.seed, by_domain);
        layers.push_back(std::move(row));
    }
    out.result = {{"domains", domains.names.size() > 1
                                  ? OrderedJson(domains.what)
                                  : OrderedJson("none: these batches hold one document")},
                  {"even_share", json_number(stats::mean(even_shares))},
                  {"layers", layers}};
    out.tables.push_back(std::move(by_id));
    out.tables.push_back(std::move(by_position));
    if (domains.names.size() > 1) out.tables.push_back(std::move(by_domain));
    return out;
}

}  // namespace hopscope::core::analysis
