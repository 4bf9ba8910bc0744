// The analysis `category_search`: experts of a concept found by their words (science.md B7), judged
// by held-out words where the truth is known.
#include "core/measure/category_search.h"

#include <algorithm>
#include <iterator>

#include "core/lab/categories.h"
#include "core/lab/measured.h"
#include "core/lab/word_json.h"
#include "core/stats/overlap.h"
#include "core/text/random.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kBest = 5;  ///< experts reported of a category

using Ids = std::vector<int64_t>;  // rising

Ids without(const Ids& a, const Ids& b) {
    Ids out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

int64_t common(const Ids& a, const Ids& b) {
    Ids both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return static_cast<int64_t>(both.size());
}

double ratio(int64_t part, int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : stats::kNaN;
}

/// Found words against the truth: those beyond the seeds against what was held out, and all.
void add_truth(OrderedJson& j, const Ids& found, const Ids& ids, const Ids& seeds,
               const Ids& held_out, int64_t vocabulary) {
    const Ids beyond = without(found, seeds);
    const auto n = static_cast<int64_t>(beyond.size());
    const int64_t hits = common(beyond, held_out), hits_all = common(found, ids);
    const auto precision = stats::share_ci95(hits, n);
    const auto wanted = static_cast<int64_t>(held_out.size());
    j["truth"] = {
        {"held_out", wanted},
        {"found_beyond_seeds", n},
        {"hits", hits},
        {"precision", json_number(ratio(hits, n))},
        {"precision_ci95", json_interval(precision.low, precision.high)},
        {"recall", json_number(ratio(hits, wanted))},
        {"chance", json_number(ratio(wanted, vocabulary - static_cast<int64_t>(seeds.size())))},
        {"precision_with_seeds", json_number(ratio(hits_all, static_cast<int64_t>(found.size())))},
        {"recall_with_seeds", json_number(ratio(hits_all, static_cast<int64_t>(ids.size())))}};
}

}  // namespace

Result<AnalysisOutput> category_search(const AnalysisContext& context) {
    const OpenRun& run = context.measured->run();
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto lists = word_lists_for(run.folder, context.category_dirs);
    if (!lists) return lists.error();
    if (lists->empty())
        return usage_error(
            "no word lists were found and the run has no synthetic truth; name a folder of "
            "NAME.toml files with --categories");
    const Categories categories = token_lists(*lists, run.tokenizer);

    AnalysisOutput out;
    out.n = searched_directions(**words);
    const int64_t vocabulary = run.tokenizer.size();
    OrderedJson result = OrderedJson::array();
    AnalysisTable table{
        "", {"category", "rank", "layer", "expert", "row", "overlap", "load", "words"}, {}};
    uint64_t index = 0;
    for (const auto& [name, list] : *lists) {
        OrderedJson j = {{"name", name}, {"words", list.size()}};
        const auto found_ids = categories.find(name);
        const uint64_t seed = mix64(context.seed, index++);
        if (found_ids == categories.end()) {
            j["single_tokens"] = 0;
            j["best"] = OrderedJson::array();
            j["reason"] = "none of its words is a single token of this vocabulary";
            result.push_back(std::move(j));
            continue;
        }
        const Ids& ids = found_ids->second;
        const bool truth = name.starts_with("class:");
        const auto [seeds, held_out] = truth ? split_words(ids, seed) : std::pair{ids, Ids()};
        const auto best = search_category(**words, seeds, kBest);
        j["single_tokens"] = ids.size();
        j["seeds"] = seeds.size();
        j["random_best"] = json_number(stats::expected_best(
            stats::overlap_distribution(vocabulary, static_cast<int64_t>(seeds.size()),
                                        std::min<int64_t>(kShownWords, vocabulary)),
            out.n, [](int64_t h) { return static_cast<double>(h); }));
        j["best"] = OrderedJson::array();
        for (size_t i = 0; i < best.size(); ++i) {
            const CategoryMatch& m = best[i];
            const auto& rows = (*words)->layers[static_cast<size_t>(m.layer)];
            const auto row = std::find_if(rows.begin(), rows.end(), [&](const ExpertWords& r) {
                return r.expert == m.expert && r.row == m.row;
            });
            const auto pieces = pieces_of(row->words.dot, run.tokenizer);
            const int64_t load = (*sample)
                                     ->layers[static_cast<size_t>(m.layer)]
                                     .counts[static_cast<size_t>(m.expert)];
            j["best"].push_back({{"layer", m.layer},
                                 {"expert", m.expert},
                                 {"row", m.row},
                                 {"overlap", m.overlap},
                                 {"weight", json_number(m.weight)},
                                 {"load", load},
                                 {"words", pieces}});
            table.rows.push_back({name, std::to_string(i + 1), std::to_string(m.layer),
                                  std::to_string(m.expert), std::to_string(m.row),
                                  std::to_string(m.overlap), std::to_string(load),
                                  pieces_text(pieces)});
        }
        if (best.empty()) j["reason"] = "no expert has a seed word among its ten words";
        if (truth) add_truth(j, found_words(**words, best), ids, seeds, held_out, vocabulary);
        result.push_back(std::move(j));
    }
    out.result = {{"categories", std::move(result)},
                  {"vocabulary", vocabulary},
                  {"source", run.config.data.source}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
