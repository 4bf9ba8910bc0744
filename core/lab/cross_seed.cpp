// The analysis `cross_seed`: whether two runs grew the same experts, by words and by direction,
// beside what chance gives (science.md A10, "Mechanism probes" and its Caution).
#include <algorithm>
#include <cmath>

#include "core/analysis/best_match.h"
#include "core/lab/measured.h"
#include "core/lab/word_json.h"
#include "core/measure/matched_words.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/overlap.h"
#include "core/text/random.h"

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kComparedWords = 20;  ///< science.md A10

/// The sentence that refuses a pair of runs, or "" where they can be held against each other.
std::string refusal(const OpenRun& a, const OpenRun& b) {
    if (a.tokenizer.size() != b.tokenizer.size())
        return "the runs have vocabularies of " + std::to_string(a.tokenizer.size()) + " and " +
               std::to_string(b.tokenizer.size()) +
               " pieces; words can be compared within one tokenizer only";
    if (a.tokenizer.hash() != b.tokenizer.hash())
        return "the runs have different tokenizers of " + std::to_string(a.tokenizer.size()) +
               " pieces each; words can be compared within one tokenizer only: train both with "
               "the same data.tokenizer";
    if (a.weights.layers.size() != b.weights.layers.size())
        return "the runs have " + std::to_string(a.weights.layers.size()) + " and " +
               std::to_string(b.weights.layers.size()) + " layers; layer is compared with layer";
    return "";
}

std::vector<DirectionWords> words_of(const std::vector<ExpertWords>& rows) {
    std::vector<DirectionWords> out;
    for (const auto& row : rows) out.push_back(row.words);
    return out;
}

/// Best matches of random directions read through the two embeddings: what frequent tokens and
/// neighbours in the vocabulary give without any expert.
Result<std::vector<double>> random_matches(const Weights& a, const Weights& b, int64_t n_a,
                                           int64_t n_b, uint64_t seed, const Progress& progress) {
    auto words_a = read_directions(random_directions(n_a, a.embed.size(1), mix64(seed, 1)), a.embed,
                                   kComparedWords, progress);
    if (!words_a) return words_a.error();
    auto words_b = read_directions(random_directions(n_b, b.embed.size(1), mix64(seed, 2)), b.embed,
                                   kComparedWords, progress);
    if (!words_b) return words_b.error();
    return best_jaccard(word_sets(*words_a, kComparedWords), word_sets(*words_b, kComparedWords));
}

}  // namespace

Result<AnalysisOutput> cross_seed(const AnalysisContext& context) {
    if (!context.against) return usage_error("a second run is needed; name it with --against");
    const OpenRun &run = context.measured->run(), &other = context.against->measured->run();
    if (const auto why = refusal(run, other); !why.empty()) return usage_error(why);
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    auto other_words = context.against->measured->dictionary(context.seed, context.progress);
    if (!other_words) return other_words.error();

    AnalysisOutput out;
    std::vector<double> jaccard, back, cosine;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"", {"layer", "expert", "row", "best_jaccard", "best_cosine"}, {}};
    const bool same_width = run.weights.embed.size(1) == other.weights.embed.size(1);
    int64_t most = 0, most_here = 0;
    for (size_t l = 0; l < (*words)->layers.size(); ++l) {
        const auto &a = (*words)->layers[l], &b = (*other_words)->layers[l];
        const auto sets_a = word_sets(words_of(a), kComparedWords),
                   sets_b = word_sets(words_of(b), kComparedWords);
        const auto j = best_jaccard(sets_a, sets_b), j_back = best_jaccard(sets_b, sets_a);
        std::vector<double> c;
        if (same_width)
            c = best_cosine(written_directions(run.weights.layers[l]),
                            written_directions(other.weights.layers[l]));
        for (size_t i = 0; i < a.size(); ++i)
            table.rows.push_back({std::to_string(l), std::to_string(a[i].expert),
                                  std::to_string(a[i].row), csv_number(j[i]),
                                  same_width ? csv_number(c[i]) : ""});
        layers.push_back(
            {{"jaccard", mean_json(j, context.seed)}, {"cosine", mean_json(c, context.seed)}});
        jaccard.insert(jaccard.end(), j.begin(), j.end());
        back.insert(back.end(), j_back.begin(), j_back.end());
        cosine.insert(cosine.end(), c.begin(), c.end());
        most = std::max(most, static_cast<int64_t>(b.size()));
        most_here = std::max(most_here, static_cast<int64_t>(a.size()));
    }
    const int64_t vocabulary = run.tokenizer.size(), d = run.weights.embed.size(1);
    const auto drawn = std::min(kComparedWords, vocabulary);
    const auto chance = stats::overlap_distribution(vocabulary, drawn, drawn);
    const auto as_jaccard = [&](int64_t h) { return stats::jaccard_of(h, drawn, drawn); };
    auto random =
        random_matches(run.weights, other.weights, most_here, most, context.seed, context.progress);
    if (!random) return random.error();
    std::vector<double> random_cosine;
    if (same_width)
        random_cosine = best_cosine(random_directions(most_here, d, mix64(context.seed, 3)),
                                    random_directions(most, d, mix64(context.seed, 4)));
    const auto formula =
        std::sqrt(2 * std::log(static_cast<double>(most)) / static_cast<double>(d));
    BestMatch by_words;
    by_words.what = "jaccard";
    by_words.value = stats::mean(jaccard);
    by_words.candidates = most;
    by_words.low = stats::bootstrap_mean(jaccard, {10'000, context.seed}).interval(0.95).low;
    by_words.random_pair = stats::expected_best(chance, 1, as_jaccard);
    by_words.random_best = stats::expected_best(chance, most, as_jaccard);
    BestMatch by_direction;
    by_direction.what = "cosine";
    by_direction.value = stats::mean(cosine);
    by_direction.candidates = most;
    if (same_width) {
        by_direction.low = stats::bootstrap_mean(cosine, {10'000, context.seed}).interval(0.95).low;
        by_direction.random_pair = 0;  // directions know no sign
        by_direction.random_best = formula;
    }
    OrderedJson warnings = OrderedJson::array();
    for (const BestMatch& match : {by_words, by_direction})
        if (const auto warning = best_match_warning(match))
            warnings.push_back(warning_json(*warning));
    out.n = static_cast<int64_t>(jaccard.size());
    out.used_against = true;
    out.result = {{"against", context.against->folder.name()},
                  {"jaccard", json_number(stats::mean(jaccard))},
                  {"jaccard_random_pair", by_words.random_pair},
                  {"jaccard_random_best", by_words.random_best},
                  {"jaccard_random_directions", mean_json(*random, context.seed)},
                  {"jaccard_interval", mean_json(jaccard, context.seed)},
                  {"jaccard_back", mean_json(back, context.seed)},
                  {"cosine", json_number(stats::mean(cosine))},
                  {"cosine_random", same_width ? json_number(formula) : OrderedJson(nullptr)},
                  {"cosine_random_drawn", mean_json(random_cosine, context.seed)},
                  {"cosine_interval", mean_json(cosine, context.seed)},
                  {"layers", std::move(layers)},
                  {"best_jaccard", jaccard},
                  {"best_cosine", cosine},
                  {"warnings", std::move(warnings)}};
    if (!same_width) out.result["reason"] = "no cosine: the runs have different d_model";
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
