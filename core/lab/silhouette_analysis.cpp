// Whether routing positions are ordered by syntax or by frequency (science.md B3, E44).
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "core/lab/measured.h"
#include "core/measure/position_sample.h"
#include "core/stats/bootstrap.h"
#include "core/stats/rank_tests.h"
#include "core/stats/silhouette.h"
#include "core/text/random.h"

namespace hopscope::core::analysis {
namespace {

/// Tokens of the silhouette, a third of each group, out of the first batches.
constexpr int64_t kSilhouetteBatches = 10;
constexpr size_t kSilhouetteTokens = 2'000, kFrequentWords = 50;
constexpr int64_t kNull = 200, kResamples = 500;
constexpr size_t kPairs = 15, kTokensAWord = 30, kLeastTokensAWord = 10;

/// Occurrences of words by the index of their last token, and the frequency of each word.
struct Occurrences {
    std::map<std::string, int64_t> frequency;                       ///< in the whole text
    std::map<std::string, std::vector<int64_t>> function, content;  ///< in the first batches
};

Occurrences occurrences(const TokenText& text, int64_t first_tokens) {
    Occurrences out;
    for (const auto& word : text.words) {
        const int8_t group = word.word.empty() ? kNoWord : text.syntax[word.last];
        if (group == kNoWord) continue;
        ++out.frequency[word.word];
        if (static_cast<int64_t>(word.last) < first_tokens)
            (group == kFunctionWord ? out.function : out.content)[word.word].push_back(
                static_cast<int64_t>(word.last));
    }
    return out;
}

/// The most frequent content words of the text, falling.
std::vector<std::string> frequent_words(const Occurrences& o, const TokenText& text) {
    std::set<std::string> content;
    for (const auto& word : text.words)
        if (!word.word.empty() && text.syntax[word.last] == kContentWord) content.insert(word.word);
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto& word : content) order.emplace_back(-o.frequency.at(word), word);
    std::sort(order.begin(), order.end());
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(kFrequentWords, order.size()); ++i)
        out.push_back(order[i].second);
    return out;
}

struct MatchedPair {
    std::string function, content;
    double ratio = 1;  ///< of their frequencies, ≥ 1
};

/// Function and content words of like frequency (ratio < 2), nearest in tokens, then in letters;
/// each word once.
std::vector<MatchedPair> matched_pairs(const Occurrences& o, const TokenText& text) {
    std::map<std::string, int64_t> pieces;
    for (const auto& word : text.words) pieces.emplace(word.word, word.pieces);
    std::vector<std::tuple<int64_t, int64_t, double, std::string, std::string>> all;
    for (const auto& [f, f_tokens] : o.function) {
        if (f_tokens.size() < kLeastTokensAWord) continue;
        for (const auto& [c, c_tokens] : o.content) {
            if (c_tokens.size() < kLeastTokensAWord) continue;
            const auto a = static_cast<double>(o.frequency.at(f)),
                       b = static_cast<double>(o.frequency.at(c));
            const double ratio = std::max(a, b) / std::min(a, b);
            if (ratio >= 2) continue;
            const auto letters = static_cast<int64_t>(f.size()) - static_cast<int64_t>(c.size());
            all.emplace_back(std::abs(pieces.at(f) - pieces.at(c)), std::abs(letters), ratio, f, c);
        }
    }
    std::sort(all.begin(), all.end());
    std::vector<MatchedPair> out;
    std::set<std::string> used;
    for (const auto& [tokens, letters, ratio, f, c] : all) {
        if (out.size() == kPairs) break;
        if (used.count(f) || used.count(c)) continue;
        used.insert(f);
        used.insert(c);
        out.push_back({f, c, ratio});
    }
    return out;
}

/// At most `most` of them, drawn.
std::vector<int64_t> drawn(std::vector<int64_t> tokens, size_t most, Random& random) {
    random.shuffle(tokens);
    if (tokens.size() > most) tokens.resize(most);
    return tokens;
}

/// A set of tokens with labels, in the space of each layer.
struct Cloud {
    std::vector<int64_t> tokens;
    std::vector<int32_t> labels;
    void add(const std::vector<int64_t>& more, int32_t label) {
        tokens.insert(tokens.end(), more.begin(), more.end());
        labels.insert(labels.end(), more.size(), label);
    }
};

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
                                      {kResamples, seed});
}

OrderedJson null_json(const stats::Permutation& null) {
    return {{"silhouette", json_number(null.observed)},
            {"p", json_number(null.p_greater)},
            {"null_mean", json_number(null.null_mean)},
            {"null95", json_interval(null.null95.low, null.null95.high)},
            {"n", null.n}};
}

/// Silhouette of one grouping: permutation null among the tokens it names, bootstrap over all.
OrderedJson grouping_json(const stats::Points& points, const std::vector<int32_t>& labels,
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
    auto out = null_json(stats::permute_labels(
        named, [&](std::span<const int32_t> moved) { return mean_silhouette(part, moved); },
        {kNull, seed}));
    const auto ci = resampled(
                        points,
                        [&](std::span<const int32_t> times) {
                            return stats::cosine_silhouette(points, labels, times);
                        },
                        seed)
                        .interval(0.95);
    out["ci95"] = json_interval(ci.low, ci.high);
    return out;
}

/// The control: labels dealt out token by token, and word by word (tokens of one word are alike).
OrderedJson control_json(const stats::Points& points, const Cloud& control,
                         const std::vector<int32_t>& word_of, size_t words, uint64_t seed) {
    auto out = null_json(stats::permute_labels(
        control.labels,
        [&](std::span<const int32_t> moved) { return mean_silhouette(points, moved); },
        {kNull, seed}));
    std::vector<int32_t> of_words(words, 0), labels(control.labels.size());
    for (size_t i = 0; i < word_of.size(); ++i)
        of_words[static_cast<size_t>(word_of[i])] = control.labels[i];
    const auto by_word = stats::permute_labels(of_words,
                                               [&](std::span<const int32_t> moved) {
                                                   for (size_t i = 0; i < labels.size(); ++i)
                                                       labels[i] =
                                                           moved[static_cast<size_t>(word_of[i])];
                                                   return mean_silhouette(points, labels);
                                               },
                                               {kNull, seed});
    out["p_words"] = json_number(by_word.p_greater);
    return out;
}

}  // namespace

Result<AnalysisOutput> silhouette(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kSilhouetteBatches);
    if (!source) return source.error();
    auto found = context.measured->text_with_syntax(context);
    if (!found) return found.error();
    const TokenText& text = **found;
    const auto seen =
        occurrences(text, kSilhouetteBatches * (*source)->batch() * (*source)->seq_len());

    // Three groups: function words, the most frequent content words, the other content words.
    const auto frequent = frequent_words(seen, text);
    const std::set<std::string> is_frequent(frequent.begin(), frequent.end());
    std::array<std::vector<int64_t>, 3> groups;
    for (const auto& [word, tokens] : seen.function)
        groups[0].insert(groups[0].end(), tokens.begin(), tokens.end());
    for (const auto& [word, tokens] : seen.content) {
        auto& to = groups[is_frequent.count(word) ? 1 : 2];
        to.insert(to.end(), tokens.begin(), tokens.end());
    }
    for (const auto& group : groups)
        if (group.size() < kLeastTokensAWord)
            return usage_error(
                "the text is too short for a silhouette: of function words, the " +
                std::to_string(kFrequentWords) + " most frequent content words and the others, " +
                std::to_string(kLeastTokensAWord) + " occurrences each are needed, found " +
                std::to_string(groups[0].size()) + ", " + std::to_string(groups[1].size()) + ", " +
                std::to_string(groups[2].size()));
    Random random(context.seed);
    Cloud cloud;
    for (size_t g = 0; g < 3; ++g)
        cloud.add(drawn(groups[g], kSilhouetteTokens / 3, random), static_cast<int32_t>(g));

    const auto pairs = matched_pairs(seen, text);
    Cloud control;
    std::vector<int32_t> control_word;
    int32_t words = 0;
    for (const auto& pair : pairs)
        for (const auto& [tokens, label] : {std::pair{&seen.function.at(pair.function), 0},
                                            {&seen.content.at(pair.content), 1}}) {
            control.add(drawn(*tokens, kTokensAWord, random), label);
            control_word.resize(control.tokens.size(), words++);
        }

    std::vector<int64_t> sampled = cloud.tokens;
    sampled.insert(sampled.end(), control.tokens.begin(), control.tokens.end());
    std::sort(sampled.begin(), sampled.end());
    sampled.erase(std::unique(sampled.begin(), sampled.end()), sampled.end());
    auto positions = sample_positions(run.config, run.weights, **source, sampled, context.progress);
    if (!positions) return positions.error();

    const auto syntax = grouped(cloud.labels, {0, 1, 1}),
               frequency = grouped(cloud.labels, {-1, 0, 1}),
               with_function = grouped(cloud.labels, {0, 0, 1});
    AnalysisOutput out;
    out.n = static_cast<int64_t>(cloud.tokens.size());
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "syntax", "frequency", "frequency_with_function", "difference",
                         "ci95_low", "ci95_high", "control"},
                        {}};
    std::vector<double> depth, differences;
    for (size_t l = 0; l < positions->layers.size(); ++l) {
        if (context.progress.cancelled())
            return Error{ErrorKind::interrupted, "stopped on request"};
        context.progress.report(
            "silhouettes of layer " + std::to_string(l),
            static_cast<double>(l) / static_cast<double>(positions->layers.size()));
        const auto data = rows_of(cloud.tokens, sampled, positions->layers[l], positions->d_space);
        const auto points = stats::points(data, out.n, positions->d_space);
        const auto difference = resampled(
            points,
            [&](std::span<const int32_t> times) {
                return stats::cosine_silhouette(points, syntax, times) -
                       stats::cosine_silhouette(points, frequency, times);
            },
            context.seed);
        const auto ci = difference.interval(0.95);
        OrderedJson layer = {
            {"syntax", grouping_json(points, syntax, context.seed)},
            {"frequency", grouping_json(points, frequency, context.seed)},
            {"frequency_with_function", grouping_json(points, with_function, context.seed)},
            {"difference",
             {{"mean", json_number(difference.estimate)},
              {"ci95", json_interval(ci.low, ci.high)},
              {"p", json_number(difference.p_value(0))}}}};
        if (!pairs.empty()) {
            const auto rows =
                rows_of(control.tokens, sampled, positions->layers[l], positions->d_space);
            layer["control"] =
                control_json(stats::points(rows, static_cast<int64_t>(control.tokens.size()),
                                           positions->d_space),
                             control, control_word, static_cast<size_t>(words), context.seed);
        }
        const auto value = [&](const char* key) {
            return layer.contains(key) && layer[key]["silhouette"].is_number()
                       ? csv_number(layer[key]["silhouette"].get<double>())
                       : "";
        };
        table.rows.push_back({std::to_string(l), value("syntax"), value("frequency"),
                              value("frequency_with_function"), csv_number(difference.estimate),
                              csv_number(ci.low), csv_number(ci.high), value("control")});
        layers.push_back(std::move(layer));
        depth.push_back(static_cast<double>(l));
        differences.push_back(difference.estimate);
    }
    const auto trend = stats::spearman(depth, differences);
    OrderedJson pairs_json = OrderedJson::array();
    for (const auto& p : pairs)
        pairs_json.push_back(
            {{"function", p.function},
             {"content", p.content},
             {"frequencies", {seen.frequency.at(p.function), seen.frequency.at(p.content)}}});
    out.result = {{"classes_from", text.syntax_source},
                  {"sampled",
                   {{"function", std::count(cloud.labels.begin(), cloud.labels.end(), 0)},
                    {"frequent_content", std::count(cloud.labels.begin(), cloud.labels.end(), 1)},
                    {"other_content", std::count(cloud.labels.begin(), cloud.labels.end(), 2)}}},
                  {"frequent_words", frequent},
                  {"pairs", pairs_json},
                  {"depth_trend",
                   {{"spearman", json_number(trend.r)},
                    {"p", json_number(trend.p)},
                    {"ci95", json_interval(trend.ci95.low, trend.ci95.high)},
                    {"n", trend.n}}},
                  {"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
