// Analysis `specialisation`: what kinds of tokens does each expert get (OLMoE, arXiv 2409.02060)?
#include "core/analyses/specialisation.h"

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

struct Domains {
    Labelling labels;
    std::string what;
};

/// Word classes of the synthetic text, or else its documents; the most frequent ones.
Domains domains_of(const TokenText& text, int32_t eos) {
    std::vector<std::string> raw = text.classes;
    Domains out;
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
        index[name] = static_cast<int32_t>(out.labels.names.size());
        out.labels.names.push_back(name);
    }
    for (const auto& name : raw) {
        const auto found = index.find(name);
        out.labels.of.push_back(found == index.end() ? -1 : found->second);
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

Shares shares_of(const LayerChoices& choices, const Labelling& labels) {
    const auto counts = label_counts(choices.sample, choices.experts, choices.top_k, labels.of,
                                     static_cast<int64_t>(labels.names.size()));
    Shares out;
    out.labels = labels.names.size();
    const auto all = static_cast<double>(
        std::accumulate(counts.tokens.begin(), counts.tokens.end(), int64_t{0}));
    for (size_t e = 0; e < static_cast<size_t>(choices.experts); ++e) {
        const auto turns = static_cast<double>(turns_of(choices.sample, static_cast<int64_t>(e)));
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

Fields share_row(int64_t layer, size_t expert, const char* label_column, const std::string& label,
                 double share) {
    Fields row;
    row.place("layer", layer)
        .place("expert", static_cast<int64_t>(expert))
        .cell(label_column, label)
        .cell("share", four_digits(share));
    return row;
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
    std::vector<int64_t> places;
    for (int64_t t = 0; t < s.tokens; ++t) places.push_back(t % (*source)->seq_len());
    const auto positions = eighths(places, (*source)->seq_len());
    const auto ids =
        frequent_ids((*text)->ids, [&](int32_t id) { return run.tokenizer.piece(id); });
    const bool has_domains = domains.labels.names.size() > 1;
    AnalysisOutput out;
    out.n = s.tokens;
    std::vector<double> even_shares;
    for (size_t l = 0; l < s.layers.size(); ++l) {
        const auto& layer = s.layers[l];
        const LayerChoices choices{static_cast<int64_t>(l), layer, s.experts, s.top_k, s.tokens};
        std::vector<double> even;
        for (const auto& hop : layer.hops)
            even.push_back(static_cast<double>(s.top_k) / static_cast<double>(hop.pool_size));
        even_shares.insert(even_shares.end(), even.begin(), even.end());
        Fields row;
        row.json("even_share", even)
            .object("vocabulary", strongest_ids(choices, ids, context.seed, out.table()))
            .object("position", strongest_labels(choices, positions, context.seed, "positions",
                                                 out.table("position")));
        if (has_domains)
            row.object("domain", strongest_labels(choices, domains.labels, context.seed, "domain",
                                                  out.table("domain")));
        out.result.add("layers", row);
    }
    out.result.text("domains", has_domains ? domains.what : "none: these batches hold one document")
        .number("even_share", stats::mean(even_shares));
    return out;
}

}  // namespace

Labelling frequent_ids(std::span<const int32_t> ids,
                       const std::function<std::string(int32_t)>& piece) {
    Labelling out;
    std::map<int32_t, int64_t> counts;
    for (const int32_t id : ids) ++counts[id];
    std::map<int32_t, int32_t> index;
    for (const auto& [id, n] : counts)
        if (id >= 0 && n >= kLeastOccurrences) {
            index[id] = static_cast<int32_t>(out.names.size());
            out.names.push_back(piece(id));
        }
    for (const int32_t id : ids) {
        const auto found = index.find(id);
        out.of.push_back(found == index.end() ? -1 : found->second);
    }
    return out;
}

Labelling eighths(std::span<const int64_t> places, int64_t length, int64_t first) {
    Labelling out;
    const int64_t span = length - first, parts = std::min(kPositionParts, span);
    const auto begin = [&](int64_t part) { return first + part * span / parts; };
    for (int64_t p = 0; p < parts; ++p)
        out.names.push_back(std::to_string(begin(p)) + " to " + std::to_string(begin(p + 1) - 1));
    // The part p holds the positions of the name above.
    for (const int64_t place : places) {
        int64_t p = 0;
        while (begin(p + 1) <= place) ++p;
        out.of.push_back(static_cast<int32_t>(p));
    }
    return out;
}

Fields strongest_labels(const LayerChoices& choices, const Labelling& labels, uint64_t seed,
                        const char* column, Table& table) {
    const auto shares = shares_of(choices, labels);
    std::vector<double> best_shares;
    TopExperts top;
    for (size_t e = 0; e < shares.overall.size(); ++e) {
        if (!(shares.overall[e] > 0)) continue;
        size_t best = shares.labels;
        for (size_t d = 0; d < shares.labels; ++d) {
            if (!std::isfinite(shares.of(e, d))) continue;  // no token has that label
            if (best == shares.labels || shares.of(e, d) > shares.of(e, best)) best = d;
            table.add(share_row(choices.layer, e, column, labels.names[d], shares.of(e, d)));
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

Fields strongest_ids(const LayerChoices& choices, const Labelling& ids, uint64_t seed,
                     Table& table) {
    const auto shares = shares_of(choices, ids);
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
            table.add(share_row(choices.layer, e, "piece", piece, share));
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

extern const Analysis kSpecialisation{
    "specialisation",
    {Need::model, Need::routing},
    "share of the (token, hop) turns with a label in which an expert is chosen (OLMoE): labels are "
    "token ids seen 16 times or more (each expert's 10 strongest), eighths of the sequence, and "
    "word classes of a synthetic text or else its 16 longest documents; even_share: k / size of a "
    "hop's pool, mean over hops and layers. 95 % bootstrap interval over experts. n: tokens.",
    specialisation};

}  // namespace hopscope::core::analysis
