// The analyses `dictionary` and `clusters`: what each expert writes, in words, and which experts
// write alike (science.md B2, E40–E43, A12).
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/lab/categories.h"
#include "core/lab/measured.h"
#include "core/lab/word_json.h"
#include "core/stats/hdbscan.h"
#include "core/stats/overlap.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

/// Of a list's first ten words.
struct Purity {
    double share = stats::kNaN;  ///< largest of one category; NaN without words
    std::string category;        ///< it, where more than half of the words belong to it
};

/// Which categories each token is in.
class TokenCategories {
  public:
    explicit TokenCategories(const Categories& categories) {
        for (const auto& [name, ids] : categories)
            for (const int64_t id : ids) of_[id].push_back(name);
    }
    Purity purity(const WordList& words) const {
        const size_t n = std::min(words.size(), static_cast<size_t>(kShownWords));
        std::map<std::string, size_t> counts;
        for (size_t i = 0; i < n; ++i)
            if (const auto found = of_.find(words[i].token); found != of_.end())
                for (const auto& name : found->second) ++counts[name];
        size_t most = 0;
        std::string category;
        for (const auto& [name, count] : counts)
            if (count > most) {
                most = count;
                category = name;
            }
        if (2 * most <= n) category.clear();
        return {static_cast<double>(most) / static_cast<double>(n), category};
    }

  private:
    std::map<int64_t, std::vector<std::string>> of_;
};

/// The row an expert is shown by: its strongest, the first of equals.
std::vector<size_t> strongest_rows(const std::vector<ExpertWords>& rows) {
    std::vector<size_t> out;
    for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].row == 0)
            out.push_back(i);
        else if (rows[i].strength > rows[out.back()].strength)
            out.back() = i;
    }
    return out;
}

/// What a row's words are, for a layer's summary.
struct Tally {
    int64_t rows = 0, specialists = 0, majority = 0, pure = 0, junk = 0, hubs = 0;
    std::vector<double> cohesion;

    void add(const ExpertWords& row, const Purity& purity) {
        ++rows;
        specialists += purity.share == 1;
        majority += !purity.category.empty();
        pure += row.cohesion > kPureCohesion;
        junk += row.cohesion < kJunkCohesion;
        hubs += row.hub;
        if (std::isfinite(row.cohesion)) cohesion.push_back(row.cohesion);
    }
    void add(const Tally& other) {
        rows += other.rows;
        specialists += other.specialists;
        majority += other.majority;
        pure += other.pure;
        junk += other.junk;
        hubs += other.hubs;
        cohesion.insert(cohesion.end(), other.cohesion.begin(), other.cohesion.end());
    }
    OrderedJson json(uint64_t seed) const {
        return {{"specialists", share_json(specialists, rows)},
                {"majority", share_json(majority, rows)},
                {"pure", share_json(pure, rows)},
                {"junk", share_json(junk, rows)},
                {"hubs", share_json(hubs, rows)},
                {"cohesion", mean_json(cohesion, seed)}};
    }
};

/// Mean Jaccard of each row's ten words with and without the final LayerNorm's gain (E41).
std::vector<double> gain_jaccard(const Dictionary& plain, const Dictionary& with_gain) {
    std::vector<double> out;
    const auto set = [](const WordList& words) {
        std::set<int32_t> ids;
        for (size_t i = 0; i < std::min(words.size(), static_cast<size_t>(kShownWords)); ++i)
            ids.insert(words[i].token);
        return ids;
    };
    for (size_t l = 0; l < plain.layers.size(); ++l)
        for (size_t i = 0; i < plain.layers[l].size(); ++i) {
            const auto a = set(plain.layers[l][i].words.dot),
                       b = set(with_gain.layers[l][i].words.dot);
            int64_t common = 0;
            for (const int32_t id : a) common += static_cast<int64_t>(b.count(id));
            out.push_back(stats::jaccard_of(common, static_cast<int64_t>(a.size()),
                                            static_cast<int64_t>(b.size())));
        }
    return out;
}

}  // namespace

Result<AnalysisOutput> dictionary(const AnalysisContext& context) {
    const OpenRun& run = context.measured->run();
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    DictionaryOptions gain_options;
    gain_options.top = kShownWords;
    gain_options.final_norm = true;
    gain_options.seed = context.seed;
    auto with_gain = read_dictionary(run.weights, gain_options, context.progress);
    if (!with_gain) return with_gain.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto lists = word_lists_for(run.folder, context.category_dirs);
    if (!lists) return lists.error();
    const TokenCategories categories(token_lists(*lists, run.tokenizer));

    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "expert", "row", "load", "hub", "purity", "category", "cohesion",
                         "norm", "words", "words_cosine", "words_negative"},
                        {}};
    Tally all;
    int64_t experts = 0, dead = 0;
    for (size_t l = 0; l < (*words)->layers.size(); ++l) {
        const auto& rows = (*words)->layers[l];
        const auto& counts = (*sample)->layers[l].counts;
        Tally tally;
        std::vector<OrderedJson> shown;
        for (const ExpertWords& row : rows) {
            const Purity purity = categories.purity(row.words.dot);
            const int64_t load = counts[static_cast<size_t>(row.expert)];
            const auto dot = pieces_of(row.words.dot, run.tokenizer),
                       cosine = pieces_of(row.words.cosine, run.tokenizer),
                       negative = pieces_of(row.words.negative, run.tokenizer);
            tally.add(row, purity);
            shown.push_back({{"id", row.expert},
                             {"row", row.row},
                             {"words", words_json(row.words.dot, run.tokenizer)},
                             {"words_cosine", cosine},
                             {"words_negative", negative},
                             {"purity", json_number(purity.share)},
                             {"category", purity.category.empty() ? OrderedJson(nullptr)
                                                                  : OrderedJson(purity.category)},
                             {"cohesion", json_number(row.cohesion)},
                             {"norm", json_number(row.norm)},
                             {"load", load},
                             {"hub", row.hub}});
            table.rows.push_back({std::to_string(l), std::to_string(row.expert),
                                  std::to_string(row.row), std::to_string(load),
                                  row.hub ? "1" : "0", csv_number(purity.share), purity.category,
                                  csv_number(row.cohesion), csv_number(row.norm), pieces_text(dot),
                                  pieces_text(cosine), pieces_text(negative)});
        }
        const auto strongest = strongest_rows(rows);
        OrderedJson list = OrderedJson::array();
        const size_t rank = rows.size() / strongest.size();
        for (const size_t at : strongest) {
            OrderedJson expert = shown[at];
            if (rank > 1) {
                const auto first = shown.begin() + static_cast<std::ptrdiff_t>(at / rank * rank);
                expert["rows"] = OrderedJson(
                    std::vector<OrderedJson>(first, first + static_cast<std::ptrdiff_t>(rank)));
            }
            list.push_back(std::move(expert));
        }
        experts += static_cast<int64_t>(strongest.size());
        dead += std::count(counts.begin(), counts.end(), 0);
        layers.push_back({{"experts", std::move(list)}, {"summary", tally.json(context.seed)}});
        all.add(tally);
    }
    out.n = all.rows;
    out.result = {{"layers", std::move(layers)},
                  {"summary", all.json(context.seed)},
                  {"random_cohesion", json_number((*words)->random_cohesion)},
                  {"gain_jaccard", mean_json(gain_jaccard(**words, *with_gain), context.seed)},
                  {"dead", share_json(dead, experts)},
                  {"tokens", (*sample)->tokens},
                  {"source", run.config.data.source}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> clusters(const AnalysisContext& context) {
    const OpenRun& run = context.measured->run();
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    struct Point {
        int64_t layer, expert, row;
        const WordList* words;
    };
    std::vector<Point> points;
    std::vector<at::Tensor> means;
    for (size_t l = 0; l < (*words)->layers.size(); ++l)
        for (const ExpertWords& row : (*words)->layers[l]) {
            if (row.words.dot.empty()) continue;  // writes nothing
            points.push_back({static_cast<int64_t>(l), row.expert, row.row, &row.words.dot});
            means.push_back(embeddings_of(run.weights.embed, row.words.dot, kShownWords).mean(0));
        }
    if (points.empty()) return usage_error("no expert writes anything");
    const auto unit = kernels::reference::l2norm(at::stack(means)).to(at::kDouble).contiguous();
    stats::HdbscanOptions options;  // those of E43
    bool stopped = false;
    options.go_on = [&](double share) {
        context.progress.report("clustering experts", share);
        stopped = context.progress.cancelled();
        return !stopped;
    };
    const auto found = stats::hdbscan(
        stats::points({unit.const_data_ptr<double>(), static_cast<size_t>(unit.numel())},
                      unit.size(0), unit.size(1)),
        options);
    if (stopped) return Error{ErrorKind::interrupted, "interrupted"};

    AnalysisOutput out;
    out.n = static_cast<int64_t>(points.size());
    OrderedJson all = OrderedJson::array();
    AnalysisTable table{"", {"layer", "expert", "row", "cluster"}, {}};
    std::vector<double> coherences;
    for (int64_t c = 0; c < found.clusters(); ++c) {
        OrderedJson experts = OrderedJson::array();
        std::vector<at::Tensor> members;
        std::map<int32_t, int64_t> counts;
        for (size_t i = 0; i < points.size(); ++i) {
            if (found.labels[i] != c) continue;
            experts.push_back({{"layer", points[i].layer}, {"expert", points[i].expert}});
            members.push_back(unit[static_cast<int64_t>(i)]);
            for (size_t w = 0; w < std::min(points[i].words->size(), size_t{kShownWords}); ++w)
                ++counts[(*points[i].words)[w].token];
        }
        // Its words: those that most of its experts have, the lowest id of equals first.
        std::vector<std::pair<int64_t, int32_t>> order;
        for (const auto& [token, count] : counts) order.emplace_back(-count, token);
        std::sort(order.begin(), order.end());
        std::vector<std::string> pieces;
        for (size_t i = 0; i < std::min(order.size(), size_t{kShownWords}); ++i)
            pieces.push_back(run.tokenizer.piece(order[i].second));
        coherences.push_back(mean_pairwise_cosine(at::stack(members)));
        all.push_back({{"experts", experts},
                       {"words", pieces},
                       {"coherence", json_number(coherences.back())},
                       {"size", members.size()}});
    }
    for (size_t i = 0; i < points.size(); ++i)
        table.rows.push_back({std::to_string(points[i].layer), std::to_string(points[i].expert),
                              std::to_string(points[i].row),
                              found.labels[i] < 0 ? "" : std::to_string(found.labels[i])});
    const auto outside = std::count(found.labels.begin(), found.labels.end(), -1);
    out.result = {{"all", std::move(all)},
                  {"unclustered",
                   json_number(static_cast<double>(outside) / static_cast<double>(points.size()))},
                  {"unclustered_share", share_json(outside, out.n)},
                  {"coherence", mean_json(coherences, context.seed)},
                  // What the clusters are denser than: all experts as one.
                  {"coherence_of_all", json_number(mean_pairwise_cosine(unit))}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
