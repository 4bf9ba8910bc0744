// Analysis `cross_seed`: have two runs grown the same experts, by words and by direction, beside
// what chance gives [def:cross_seed] [def:best_match]?
#include "core/analyses/cross_seed.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "core/analyses/measured.h"
#include "core/base/random.h"
#include "core/base/sets.h"
#include "core/compare/warnings.h"
#include "core/measure/numbers.h"
#include "core/measure/row_blocks.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/overlap.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {

std::vector<std::vector<int32_t>> word_sets(const std::vector<DirectionWords>& words,
                                            int64_t count) {
    std::vector<std::vector<int32_t>> out;
    for (const auto& w : words) out.push_back(word_tokens(w.dot, count));
    return out;
}

std::vector<double> best_jaccard(const std::vector<std::vector<int32_t>>& a,
                                 const std::vector<std::vector<int32_t>>& b) {
    std::unordered_map<int32_t, std::vector<size_t>> holders;  // token → sets of b
    for (size_t j = 0; j < b.size(); ++j)
        for (const int32_t token : b[j]) holders[token].push_back(j);
    std::vector<double> out;
    std::vector<int64_t> common(b.size());
    for (const auto& set : a) {
        std::fill(common.begin(), common.end(), 0);
        for (const int32_t token : set)
            if (const auto found = holders.find(token); found != holders.end())
                for (const size_t j : found->second) ++common[j];
        double best = 0;
        for (size_t j = 0; j < b.size(); ++j)
            best = std::max(best, jaccard_of(common[j], static_cast<int64_t>(set.size()),
                                             static_cast<int64_t>(b[j].size())));
        out.push_back(best);
    }
    return out;
}

std::vector<double> best_cosine(const at::Tensor& a, const at::Tensor& b) {
    using kernels::reference::l2norm;
    const auto mine = l2norm(a), others = l2norm(b).t();
    std::vector<double> out;
    each_row_block(a.size(0), b.size(0), [&](int64_t begin, int64_t count) {
        const auto best = numbers(at::matmul(mine.narrow(0, begin, count), others).amax(1));
        out.insert(out.end(), best.begin(), best.end());
    });
    return out;
}

at::Tensor random_directions(int64_t n, int64_t d, uint64_t seed) {
    auto generator = at::detail::createCPUGenerator(seed);
    return at::zeros({n, d}, at::TensorOptions().dtype(at::kFloat)).normal_(0.0, 1.0, generator);
}

std::optional<Warning> best_match_warning(const BestMatch& match) {
    const double low = std::isnan(match.low) ? match.value : match.low;
    // Comparisons with NaN are false: what is not known warns of nothing.
    if (!(match.value > match.random_pair) || !(low <= match.random_best)) return std::nullopt;
    const auto text = [](double x) {
        char out[32];
        std::snprintf(out, sizeof out, "%.3g", x);
        return std::string(out);
    };
    const std::string where = match.value <= match.random_best ? "not above" : "not clearly above";
    return Warning{"best_match_is_chance",
                   "the mean best " + match.what + " " + text(match.value) +
                       " is above that of one random pair, " + text(match.random_pair) + ", but " +
                       where + " that of the best of " + std::to_string(match.candidates) +
                       " random ones, " + text(match.random_best) +
                       ": the search alone explains it",
                   "", ""};
}

namespace {

constexpr int64_t kComparedWords = 20;  ///< [def:cross_seed]

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
    if (a.model.weights.layers.size() != b.model.weights.layers.size())
        return "the runs have " + std::to_string(a.model.weights.layers.size()) + " and " +
               std::to_string(b.model.weights.layers.size()) +
               " layers; layer is compared with layer";
    return "";
}

std::vector<DirectionWords> directions_of(const std::vector<ExpertWords>& rows) {
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

Estimate over_rows(const std::vector<double>& matches, uint64_t seed) {
    return mean_over(matches, "rank rows", seed, 2'000);
}

/// Best matches of all experts, layer by layer.
struct Matches {
    std::vector<double> jaccard, back, cosine;  ///< back: from the other run's side
    int64_t most = 0, most_here = 0;            ///< rows of the largest layer: there, here
};

/// @param cosines whether the two runs write in spaces of one width
Matches best_matches(const Dictionary& words, const Dictionary& other_words, const Weights& here,
                     const Weights& there, bool cosines, uint64_t seed, AnalysisOutput& out) {
    const auto append = [](std::vector<double>& to, const std::vector<double>& more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    Matches all;
    for (size_t l = 0; l < words.layers.size(); ++l) {
        const auto &a = words.layers[l], &b = other_words.layers[l];
        const auto sets_a = word_sets(directions_of(a), kComparedWords),
                   sets_b = word_sets(directions_of(b), kComparedWords);
        const auto jaccard = best_jaccard(sets_a, sets_b);
        std::vector<double> cosine;
        if (cosines)
            cosine = best_cosine(written_directions(here.layers[l]),
                                 written_directions(there.layers[l]));
        for (size_t i = 0; i < a.size(); ++i) {
            Fields row;
            row.place("layer", static_cast<int64_t>(l))
                .place("expert", a[i].expert)
                .place("row", a[i].row)
                .cell("best_jaccard", jaccard[i])
                .cell("best_cosine", cosines ? cosine[i] : stats::kNaN);
            out.table().add(row);
        }
        Fields layer;
        layer.estimate("jaccard", over_rows(jaccard, seed))
            .estimate("cosine", over_rows(cosine, seed));
        out.result.add("layers", layer);
        append(all.jaccard, jaccard);
        append(all.back, best_jaccard(sets_b, sets_a));
        append(all.cosine, cosine);
        all.most = std::max(all.most, static_cast<int64_t>(b.size()));
        all.most_here = std::max(all.most_here, static_cast<int64_t>(a.size()));
    }
    return all;
}

/// Matches by words beside the exact baselines: one random pair, and the best of as many random
/// sets as a layer has.
BestMatch word_baselines(const Matches& found, int64_t vocabulary, uint64_t seed) {
    const auto drawn = std::min(kComparedWords, vocabulary);
    const auto chance = stats::overlap_distribution(vocabulary, drawn, drawn);
    const auto as_jaccard = [&](int64_t h) { return jaccard_of(h, drawn, drawn); };
    BestMatch out;
    out.what = "jaccard";
    out.value = stats::mean(found.jaccard);
    out.candidates = found.most;
    out.low = stats::bootstrap_mean(found.jaccard, {10'000, seed}).interval(0.95).low;
    out.random_pair = stats::expected_best(chance, 1, as_jaccard);
    out.random_best = stats::expected_best(chance, found.most, as_jaccard);
    return out;
}

/// The same by direction; without numbers where the runs have spaces of two widths.
BestMatch direction_baselines(const Matches& found, int64_t width, uint64_t seed) {
    BestMatch out;
    out.what = "cosine";
    out.value = stats::mean(found.cosine);
    out.candidates = found.most;
    if (found.cosine.empty()) return out;
    out.low = stats::bootstrap_mean(found.cosine, {10'000, seed}).interval(0.95).low;
    out.random_pair = 0;  // directions know no sign
    out.random_best =
        std::sqrt(2 * std::log(static_cast<double>(found.most)) / static_cast<double>(width));
    return out;
}

void add_warnings(Fields& result, std::initializer_list<BestMatch> matches) {
    OrderedJson warnings = OrderedJson::array();
    for (const BestMatch& match : matches)
        if (const auto warning = best_match_warning(match))
            warnings.push_back(warning_json(*warning));
    result.json("warnings", warnings);
}

Result<AnalysisOutput> cross_seed(const AnalysisContext& context) {
    const OpenRun &run = context.measured->run(), &other = context.against->measured->run();
    if (const auto why = refusal(run, other); !why.empty()) return usage_error(why);
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    auto other_words = context.against->measured->dictionary(context.seed, context.progress);
    if (!other_words) return other_words.error();
    const int64_t width = run.model.weights.embed.size(1);
    const bool same_width = width == other.model.weights.embed.size(1);

    AnalysisOutput out;
    out.used_against = true;
    out.result.text("against", context.against->folder.name());
    const auto found = best_matches(**words, **other_words, run.model.weights, other.model.weights,
                                    same_width, context.seed, out);
    auto random = random_matches(run.model.weights, other.model.weights, found.most_here,
                                 found.most, context.seed, context.progress);
    if (!random) return random.error();
    std::vector<double> random_cosine;
    if (same_width)
        random_cosine =
            best_cosine(random_directions(found.most_here, width, mix64(context.seed, 3)),
                        random_directions(found.most, width, mix64(context.seed, 4)));
    const auto by_words = word_baselines(found, run.tokenizer.size(), context.seed),
               by_direction = direction_baselines(found, width, context.seed);
    out.n = static_cast<int64_t>(found.jaccard.size());
    out.result.plain_estimate("jaccard", over_rows(found.jaccard, context.seed))
        .number("jaccard_random_pair", by_words.random_pair)
        .number("jaccard_random_best", by_words.random_best)
        .estimate("jaccard_random_directions", over_rows(*random, context.seed))
        .estimate("jaccard_back", over_rows(found.back, context.seed))
        .plain_estimate("cosine", over_rows(found.cosine, context.seed))
        .number("cosine_random", by_direction.random_best)
        .estimate("cosine_random_drawn", over_rows(random_cosine, context.seed))
        .json("best_jaccard", found.jaccard)
        .json("best_cosine", found.cosine);
    add_warnings(out.result, {by_words, by_direction});
    if (!same_width) out.result.text("reason", "no cosine: the runs have different d_model");
    return out;
}

}  // namespace

extern const Analysis kCrossSeed{
    "cross_seed",
    {Need::model, Need::second_run, Need::experts},
    "against a second run of the same tokenizer: for each expert the largest Jaccard of its twenty "
    "words with an expert of the same layer, mean over experts, and the largest cosine of w_up. "
    "Baselines: one random pair of sets, the best of as many random sets as the layer has (both "
    "exact), the best of random directions read through the two embeddings (drawn), sqrt(2 ln M / "
    "d) and random directions for the cosine. Intervals 95 %, bootstrap over experts. warnings: "
    "where a best match lies above one random pair but not above the best of as many random ones. "
    "n: rank rows of experts.",
    cross_seed};

}  // namespace hopscope::core::analysis
