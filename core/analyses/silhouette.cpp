// Analysis `silhouette`: are routing positions ordered by syntax or by frequency [def:grammar]
// [def:silhouette]?
#include "core/stats/silhouette.h"

#include <algorithm>
#include <array>
#include <functional>

#include "core/analyses/measured.h"
#include "core/analyses/position_sample.h"
#include "core/analyses/silhouette_words.h"
#include "core/stats/bootstrap.h"
#include "core/stats/permutation.h"
#include "core/stats/rank_tests.h"

namespace hopscope::core::analysis {
namespace {

/// The tokens are drawn out of the first batches.
constexpr int64_t kSilhouetteBatches = 10;
constexpr int64_t kDealtLabels = 200, kSilhouetteResamples = 500;

/// The rows of `tokens` among those that were sampled (both as token indices).
std::vector<double> rows_of(const std::vector<int64_t>& tokens, const std::vector<int64_t>& sampled,
                            const std::vector<double>& all, int64_t dim) {
    std::vector<double> out;
    for (const int64_t t : tokens) {
        const auto row = std::lower_bound(sampled.begin(), sampled.end(), t) - sampled.begin();
        out.insert(out.end(), all.begin() + row * dim, all.begin() + (row + 1) * dim);
    }
    return out;
}

double mean_silhouette(const stats::Points& points, std::span<const int32_t> labels) {
    return stats::cosine_silhouette(points, labels, std::vector<int32_t>(labels.size(), 1));
}

/// Labels of a grouping of the three groups; −1 leaves a group out.
std::vector<int32_t> grouped(const std::vector<int32_t>& three, const std::array<int32_t, 3>& to) {
    std::vector<int32_t> out;
    for (const int32_t group : three) out.push_back(to[static_cast<size_t>(group)]);
    return out;
}

stats::Bootstrap resampled(const stats::Points& points,
                           const std::function<double(std::span<const int32_t>)>& statistic,
                           uint64_t seed) {
    return stats::bootstrap_statistic(points.count,
                                      [&](std::span<const int64_t> drawn) {
                                          std::vector<int32_t> times(
                                              static_cast<size_t>(points.count), 0);
                                          for (const int64_t i : drawn)
                                              ++times[static_cast<size_t>(i)];
                                          return statistic(times);
                                      },
                                      {kSilhouetteResamples, seed});
}

/// p and the range of silhouettes under labels dealt out at random.
Fields null_fields(const stats::Permutation& null) {
    Fields out;
    out.number("p", null.p_greater)
        .number("null_mean", null.null_mean)
        .range("null95", null.null95.low, null.null95.high);
    return out;
}

/// Silhouette of one grouping: permutation null among the tokens it names, bootstrap over all.
Fields grouping_fields(const stats::Points& points, const std::vector<int32_t>& labels,
                       uint64_t seed) {
    std::vector<double> data;
    std::vector<int32_t> named;
    for (size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0) continue;
        const auto row = points.row(static_cast<int64_t>(i));
        data.insert(data.end(), row.begin(), row.end());
        named.push_back(labels[i]);
    }
    const auto part = stats::points(data, static_cast<int64_t>(named.size()), points.dim);
    const auto null = stats::permute_labels(
        named, [&](std::span<const int32_t> moved) { return mean_silhouette(part, moved); },
        {kDealtLabels, seed});
    const auto drawn = resampled(
        points,
        [&](std::span<const int32_t> times) {
            return stats::cosine_silhouette(points, labels, times);
        },
        seed);
    Fields out = null_fields(null);
    out.estimate("silhouette", {null.observed, drawn.interval(0.95), null.n, "tokens"});
    return out;
}

/// The control: labels dealt out token by token, and word by word (tokens of one word are alike).
Fields control_fields(const stats::Points& points, const SilhouetteWords& words, uint64_t seed) {
    const auto null = stats::permute_labels(
        words.control.labels,
        [&](std::span<const int32_t> moved) { return mean_silhouette(points, moved); },
        {kDealtLabels, seed});
    std::vector<int32_t> of_words(static_cast<size_t>(words.control_words), 0),
        labels(words.control.labels.size());
    for (size_t i = 0; i < labels.size(); ++i)
        of_words[static_cast<size_t>(words.control_word[i])] = words.control.labels[i];
    const auto by_word =
        stats::permute_labels(of_words,
                              [&](std::span<const int32_t> moved) {
                                  for (size_t i = 0; i < labels.size(); ++i)
                                      labels[i] = moved[static_cast<size_t>(words.control_word[i])];
                                  return mean_silhouette(points, labels);
                              },
                              {kDealtLabels, seed});
    Fields out = null_fields(null);
    out.number("silhouette", null.observed).count("n", null.n).number("p_words", by_word.p_greater);
    return out;
}

/// The groupings that are held against each other, as labels of the same tokens.
struct Groupings {
    std::vector<int32_t> syntax, frequency, with_function;
};

/// syntax − frequency, resampled together.
stats::Bootstrap beyond_frequency(const stats::Points& points, const Groupings& groupings,
                                  uint64_t seed) {
    return resampled(
        points,
        [&](std::span<const int32_t> times) {
            return stats::cosine_silhouette(points, groupings.syntax, times) -
                   stats::cosine_silhouette(points, groupings.frequency, times);
        },
        seed);
}

/// One layer; `difference` is what its depth is held against.
Fields silhouette_layer(size_t index, const SilhouetteWords& words, const Groupings& groupings,
                        const std::vector<int64_t>& sampled, const PositionSample& positions,
                        uint64_t seed, double& difference) {
    const int64_t dim = positions.d_space;
    const auto data_of = [&](const LabelledTokens& of) {
        return rows_of(of.tokens, sampled, positions.layers[index], dim);
    };
    const auto points_of = [&](const std::vector<double>& data) {
        return stats::points(data, static_cast<int64_t>(data.size()) / dim, dim);
    };
    const auto data = data_of(words.groups), control = data_of(words.control);
    const auto points = points_of(data);
    Fields out;
    out.place("layer", static_cast<int64_t>(index));
    const auto add = [&](const char* name, const Fields& grouping) {
        out.object(name, grouping).columns_of(grouping, "silhouette", name);
    };
    add("syntax", grouping_fields(points, groupings.syntax, seed));
    add("frequency", grouping_fields(points, groupings.frequency, seed));
    add("frequency_with_function", grouping_fields(points, groupings.with_function, seed));
    const auto beyond = beyond_frequency(points, groupings, seed);
    difference = beyond.estimate;
    out.estimate("difference", {beyond.estimate, beyond.interval(0.95), beyond.n, "tokens"})
        .number("difference_p", beyond.p_value(0));
    if (!words.pairs.empty()) add("control", control_fields(points_of(control), words, seed));
    return out;
}

/// Token indices of both clouds, rising, each once.
std::vector<int64_t> sampled_tokens(const SilhouetteWords& words) {
    std::vector<int64_t> out = words.groups.tokens;
    out.insert(out.end(), words.control.tokens.begin(), words.control.tokens.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void add_words(Fields& result, const SilhouetteWords& words) {
    const auto& labels = words.groups.labels;
    Fields sampled;
    int32_t label = 0;
    for (const char* group : {"function", "frequent_content", "other_content"})
        sampled.count(group, std::count(labels.begin(), labels.end(), label++));
    result.object("sampled", sampled).json("frequent_words", words.frequent).list("pairs");
    for (const auto& p : words.pairs) {
        Fields pair;
        pair.text("function", p.function)
            .text("content", p.content)
            .json("frequencies", {p.function_count, p.content_count});
        result.add("pairs", pair);
    }
}

Result<AnalysisOutput> silhouette(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kSilhouetteBatches);
    if (!source) return source.error();
    auto text = context.measured->text_with_syntax(context);
    if (!text) return text.error();
    Random random(context.seed);
    auto words = silhouette_words(
        **text, kSilhouetteBatches * (*source)->batch() * (*source)->seq_len(), random);
    if (!words) return words.error();
    const auto sampled = sampled_tokens(*words);
    auto positions = sample_positions(run.model, **source, sampled, context.progress);
    if (!positions) return positions.error();

    const auto& groups = words->groups.labels;
    const Groupings groupings{grouped(groups, {0, 1, 1}), grouped(groups, {-1, 0, 1}),
                              grouped(groups, {0, 0, 1})};
    AnalysisOutput out;
    out.n = static_cast<int64_t>(groups.size());
    out.result.text("classes_from", (*text)->syntax_source);
    add_words(out.result, *words);
    std::vector<double> depth, differences;
    for (size_t l = 0; l < positions->layers.size(); ++l) {
        if (context.progress.cancelled()) return stopped_on_request();
        depth.push_back(static_cast<double>(l));
        context.progress.report("silhouettes of layer " + std::to_string(l),
                                depth.back() / static_cast<double>(positions->layers.size()));
        const Fields layer = silhouette_layer(l, *words, groupings, sampled, *positions,
                                              context.seed, differences.emplace_back());
        out.result.add("layers", layer);
        out.table().add(layer);
    }
    const auto trend = stats::spearman(depth, differences);
    Fields depth_trend;
    depth_trend.estimate("spearman", {trend.r, trend.ci95, trend.n, "layers"}).number("p", trend.p);
    out.result.object("depth_trend", depth_trend);
    return out;
}

}  // namespace

extern const Analysis kSilhouette{
    "silhouette",
    {Need::model, Need::positions},
    "mean silhouette of hop 0's routing positions by cosine distance, at the last token of 2,000 "
    "words drawn from the first 10 batches, a third each of function words, the 50 most frequent "
    "content words and other content words. syntax: function against content; frequency: the 50 "
    "against other content words; frequency_with_function: function words and the 50 against the "
    "others. p: 200 permutations; ci95: 500 bootstrap resamples of tokens; difference = syntax - "
    "frequency, depth_trend its Spearman rho with the layer. control: up to 15 pairs of a function "
    "and a content word, frequency ratio < 2, nearest in tokens, then in letters; p_words deals "
    "labels to words, p to tokens. n: tokens.",
    silhouette};

}  // namespace hopscope::core::analysis
