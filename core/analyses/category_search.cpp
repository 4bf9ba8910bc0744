// Analysis `category_search`: experts of a concept found by their words [def:category_search],
// judged by held-out words where the truth is known.
#include "core/analyses/category_search.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "core/analyses/expert_words.h"
#include "core/analyses/measured.h"
#include "core/base/names.h"
#include "core/base/random.h"
#include "core/stats/overlap.h"
#include "core/trainer/categories.h"

namespace hopscope::core::analysis {

std::vector<CategoryMatch> search_category(const Dictionary& dictionary,
                                           const std::vector<int64_t>& seeds, size_t count) {
    std::vector<CategoryMatch> out;
    for (size_t l = 0; l < dictionary.layers.size(); ++l)
        for (const ExpertWords& row : dictionary.layers[l]) {
            if (row.hub) continue;
            CategoryMatch match{static_cast<int64_t>(l), row.expert, row.row};
            const auto& words = row.words.dot;
            for (size_t i = 0; i < std::min<size_t>(words.size(), kShownWords); ++i)
                if (std::binary_search(seeds.begin(), seeds.end(), words[i].token)) {
                    ++match.overlap;
                    match.weight += words[i].score / row.norm;
                }
            if (match.overlap > 0) out.push_back(match);
        }
    std::stable_sort(out.begin(), out.end(), [](const CategoryMatch& a, const CategoryMatch& b) {
        return std::tie(a.overlap, a.weight) > std::tie(b.overlap, b.weight);
    });
    if (out.size() > count) out.resize(count);
    return out;
}

std::vector<int64_t> found_words(const Dictionary& dictionary,
                                 const std::vector<CategoryMatch>& matches) {
    std::set<int64_t> out;
    for (const auto& match : matches)
        for (const ExpertWords& row : dictionary.layers[static_cast<size_t>(match.layer)]) {
            if (row.expert != match.expert || row.row != match.row) continue;
            const auto& words = row.words.dot;
            for (size_t i = 0; i < std::min<size_t>(words.size(), kShownWords); ++i)
                out.insert(words[i].token);
        }
    return {out.begin(), out.end()};
}

int64_t searched_directions(const Dictionary& dictionary) {
    int64_t n = 0;
    for (const auto& layer : dictionary.layers)
        n += std::count_if(layer.begin(), layer.end(), [](const auto& row) { return !row.hub; });
    return n;
}

std::pair<std::vector<int64_t>, std::vector<int64_t>> split_words(const std::vector<int64_t>& ids,
                                                                  uint64_t seed) {
    std::vector<int64_t> drawn = ids;
    Random(seed).shuffle(drawn);
    const auto half = drawn.begin() + static_cast<std::ptrdiff_t>((drawn.size() + 1) / 2);
    std::vector<int64_t> seeds(drawn.begin(), half), held_out(half, drawn.end());
    std::sort(seeds.begin(), seeds.end());
    std::sort(held_out.begin(), held_out.end());
    return {seeds, held_out};
}

namespace {

constexpr size_t kBestExperts = 5;  ///< reported of a category

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
Fields truth_fields(const Ids& found, const Ids& ids, const Ids& seeds, const Ids& held_out,
                    int64_t vocabulary) {
    const Ids beyond = without(found, seeds);
    const auto n = static_cast<int64_t>(beyond.size()),
               wanted = static_cast<int64_t>(held_out.size());
    const int64_t hits = common(beyond, held_out), hits_all = common(found, ids);
    Fields out;
    out.count("held_out", wanted)
        .count("found_beyond_seeds", n)
        .count("hits", hits)
        .estimate("precision", share_over(hits, n, "words found beyond the seeds"))
        .number("recall", ratio(hits, wanted))
        .number("chance", ratio(wanted, vocabulary - static_cast<int64_t>(seeds.size())))
        .number("precision_with_seeds", ratio(hits_all, static_cast<int64_t>(found.size())))
        .number("recall_with_seeds", ratio(hits_all, static_cast<int64_t>(ids.size())));
    return out;
}

/// What a search reads: words, their tokenizer, and how often each expert is chosen.
struct Searched {
    const Dictionary& words;
    const RoutingSample& sample;
    const Tokenizer& tokenizer;
    int64_t rows;  ///< that are no hubs
};

Fields match_fields(const Searched& in, const std::string& category, size_t rank,
                    const CategoryMatch& m) {
    const auto& rows = in.words.layers[static_cast<size_t>(m.layer)];
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const ExpertWords& r) {
        return r.expert == m.expert && r.row == m.row;
    });
    const auto& counts = in.sample.layers[static_cast<size_t>(m.layer)].counts;
    const auto pieces = pieces_of(row->words.dot, in.tokenizer);
    Fields out;
    out.cell("category", category)
        .place("rank", static_cast<int64_t>(rank) + 1)
        .count("layer", m.layer)
        .count("expert", m.expert)
        .count("row", m.row)
        .count("overlap", m.overlap)
        .number("weight", m.weight)
        .count("load", counts[static_cast<size_t>(m.expert)])
        .json("words", pieces)
        .cell("words", joined(pieces, " "));
    return out;
}

/// One category. @param ids its words that are single tokens
void search(Fields& category, const Searched& in, const std::string& name, const Ids& ids,
            uint64_t seed, Table& table) {
    const bool truth = name.starts_with("class:");
    const auto [seeds, held_out] = truth ? split_words(ids, seed) : std::pair{ids, Ids()};
    const auto best = search_category(in.words, seeds, kBestExperts);
    const int64_t vocabulary = in.tokenizer.size();
    const auto chance = stats::overlap_distribution(vocabulary, static_cast<int64_t>(seeds.size()),
                                                    std::min<int64_t>(kShownWords, vocabulary));
    category.count("single_tokens", static_cast<int64_t>(ids.size()))
        .count("seeds", static_cast<int64_t>(seeds.size()))
        .number(
            "random_best",
            stats::expected_best(chance, in.rows, [](int64_t h) { return static_cast<double>(h); }))
        .list("best");
    for (size_t i = 0; i < best.size(); ++i) {
        const Fields match = match_fields(in, name, i, best[i]);
        category.add("best", match);
        table.add(match);
    }
    if (best.empty()) category.text("reason", "no expert has a seed word among its ten words");
    if (truth)
        category.object(
            "truth", truth_fields(found_words(in.words, best), ids, seeds, held_out, vocabulary));
}

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
            "NAME.toml files");
    const Categories categories = token_lists(*lists, run.tokenizer);
    const Searched in{**words, **sample, run.tokenizer, searched_directions(**words)};
    AnalysisOutput out;
    out.n = in.rows;
    out.result.list("categories");
    out.table().declare(match_fields(in, "", 0, {}));
    uint64_t index = 0;
    for (const auto& [name, list] : *lists) {
        Fields category;
        category.text("name", name).count("words", static_cast<int64_t>(list.size()));
        const uint64_t seed = mix64(context.seed, index++);
        if (const auto found = categories.find(name); found != categories.end())
            search(category, in, name, found->second, seed, out.table());
        else
            category.count("single_tokens", 0)
                .list("best")
                .text("reason", "none of its words is a single token of this vocabulary");
        out.result.add("categories", category);
    }
    out.result.count("vocabulary", run.tokenizer.size())
        .text("source", word(run.model.config.data.source));
    return out;
}

}  // namespace

extern const Analysis kCategorySearch{
    "category_search",
    {Need::model, Need::experts},
    "experts whose ten words overlap most with a category's seed words, hubs left out. Classes of "
    "a synthetic corpus: a drawn half of their single-token words are seeds, the others are held "
    "out; precision and recall are of the words found beyond the seeds, against the held-out ones; "
    "chance: the precision of random words; random_best: expected best overlap of as many random "
    "word sets. n: rank rows searched.",
    category_search};

}  // namespace hopscope::core::analysis
