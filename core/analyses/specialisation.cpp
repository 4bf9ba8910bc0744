// Analysis `specialisation`: what kinds of tokens does each expert get (OLMoE, arXiv 2409.02060)?
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/analyses/measured.h"
#include "core/measure/choice_counts.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// Four digits, for tables of shares.
double four_digits(double x) {
    return std::round(x * 1e4) / 1e4;
}

constexpr int64_t kPositionParts = 8;
constexpr size_t kDomains = 16, kTopIds = 10, kShownExperts = 5;
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

/// Experts of a layer by what sets each of them apart, for the few that are shown.
class TopExperts {
  public:
    void add(double value, Fields expert) { experts_.emplace_back(-value, std::move(expert)); }
    void put(Fields& to) {
        std::stable_sort(experts_.begin(), experts_.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        to.list("top");
        for (size_t i = 0; i < std::min(kShownExperts, experts_.size()); ++i)
            to.add("top", experts_[i].second);
    }

  private:
    std::vector<std::pair<double, Fields>> experts_;
};

Fields share_row(size_t layer, size_t expert, const char* label_column, const std::string& label,
                 double share) {
    Fields row;
    row.place("layer", static_cast<int64_t>(layer))
        .place("expert", static_cast<int64_t>(expert))
        .cell(label_column, label)
        .cell("share", four_digits(share));
    return row;
}

/// Of each expert the label with the largest share, against the share over all labels.
Fields strongest_fields(const LayerSample& layer, const RoutingSample& s, const Labelling& labels,
                        size_t index, uint64_t seed, const char* column, Table& table) {
    const auto shares = shares_of(layer, s, labels);
    std::vector<double> best_shares;
    TopExperts top;
    for (size_t e = 0; e < shares.overall.size(); ++e) {
        if (!(shares.overall[e] > 0)) continue;
        size_t best = 0;
        for (size_t d = 0; d < shares.labels; ++d) {
            if (shares.of(e, d) > shares.of(e, best)) best = d;
            table.add(share_row(index, e, column, labels.names[d], shares.of(e, d)));
        }
        best_shares.push_back(shares.of(e, best));
        Fields expert;
        expert.count("id", static_cast<int64_t>(e))
            .text("label", labels.names[best])
            .number("share", shares.of(e, best))
            .number("overall", shares.overall[e]);
        top.add(shares.of(e, best), std::move(expert));
    }
    Fields out;
    out.estimate("largest_share", mean_over(best_shares, "experts", seed));
    top.put(out);
    return out;
}

/// Each expert's strongest token ids, and the mean of their shares.
Fields vocabulary_fields(const LayerSample& layer, const RoutingSample& s, const Labelling& ids,
                         size_t index, uint64_t seed, Table& table) {
    const auto shares = shares_of(layer, s, ids);
    std::vector<double> means;
    TopExperts top;
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
        Fields expert;
        expert.count("id", static_cast<int64_t>(e)).list("pieces");
        for (size_t i = 0; i < k; ++i) {
            const double share = shares.of(e, order[i]);
            const std::string& piece = ids.names[order[i]];
            mean += share / static_cast<double>(k);
            Fields one;
            one.text("piece", piece).number("share", four_digits(share));
            expert.add("pieces", one);
            table.add(share_row(index, e, "piece", piece, share));
        }
        means.push_back(mean);
        expert.number("mean_share", mean);
        top.add(mean, std::move(expert));
    }
    Fields out;
    out.count("ids", static_cast<int64_t>(ids.names.size()))
        .estimate("top_ids_share", mean_over(means, "experts", seed));
    top.put(out);
    return out;
}

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
    const bool has_domains = domains.names.size() > 1;
    AnalysisOutput out;
    out.n = s.tokens;
    std::vector<double> even_shares;
    for (size_t l = 0; l < s.layers.size(); ++l) {
        const auto& layer = s.layers[l];
        std::vector<double> even;
        for (const auto& hop : layer.hops)
            even.push_back(static_cast<double>(s.top_k) / static_cast<double>(hop.pool_size));
        even_shares.insert(even_shares.end(), even.begin(), even.end());
        Fields row;
        row.json("even_share", even)
            .object("vocabulary", vocabulary_fields(layer, s, ids, l, context.seed, out.table()))
            .object("position", strongest_fields(layer, s, positions, l, context.seed, "positions",
                                                 out.table("position")));
        if (has_domains)
            row.object("domain", strongest_fields(layer, s, domains, l, context.seed, "domain",
                                                  out.table("domain")));
        out.result.add("layers", row);
    }
    out.result.text("domains", has_domains ? domains.what : "none: these batches hold one document")
        .number("even_share", stats::mean(even_shares));
    return out;
}

}  // namespace

extern const Analysis kSpecialisation{
    "specialisation",
    {Need::model, Need::routing},
    "share of the (token, hop) turns with a label in which an expert is chosen (OLMoE): labels are "
    "token ids seen 16 times or more (each expert's 10 strongest), eighths of the sequence, and "
    "word classes of a synthetic text or else its 16 longest documents; even_share: k / size of a "
    "hop's pool, mean over hops and layers. 95 % bootstrap interval over experts. n: tokens.",
    specialisation};

}  // namespace hopscope::core::analysis
