#include "core/analyses/silhouette_words.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace hopscope::core::analysis {
namespace {

/// A third of the tokens of each group.
constexpr size_t kSilhouetteTokens = 2'000, kFrequentWords = 50;
constexpr size_t kMatchedPairs = 15, kTokensAWord = 30, kLeastTokensAWord = 10;

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
        if (out.size() == kMatchedPairs) break;
        if (used.count(f) || used.count(c)) continue;
        used.insert(f);
        used.insert(c);
        out.push_back({f, c, o.frequency.at(f), o.frequency.at(c)});
    }
    return out;
}

/// At most `most` of them, drawn.
std::vector<int64_t> drawn(std::vector<int64_t> tokens, size_t most, Random& random) {
    random.shuffle(tokens);
    if (tokens.size() > most) tokens.resize(most);
    return tokens;
}

}  // namespace

void LabelledTokens::add(const std::vector<int64_t>& more, int32_t label) {
    tokens.insert(tokens.end(), more.begin(), more.end());
    labels.insert(labels.end(), more.size(), label);
}

Result<SilhouetteWords> silhouette_words(const TokenText& text, int64_t first_tokens,
                                         Random& random) {
    const auto seen = occurrences(text, first_tokens);
    SilhouetteWords out;
    out.frequent = frequent_words(seen, text);
    const std::set<std::string> is_frequent(out.frequent.begin(), out.frequent.end());
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
                std::to_string(groups[2].size()) + " by the " + text.syntax_source);
    for (size_t g = 0; g < 3; ++g)
        out.groups.add(drawn(groups[g], kSilhouetteTokens / 3, random), static_cast<int32_t>(g));
    out.pairs = matched_pairs(seen, text);
    for (const auto& pair : out.pairs)
        for (const auto& [tokens, label] : {std::pair{&seen.function.at(pair.function), 0},
                                            {&seen.content.at(pair.content), 1}}) {
            out.control.add(drawn(*tokens, kTokensAWord, random), label);
            out.control_word.resize(out.control.tokens.size(), out.control_words++);
        }
    return out;
}

}  // namespace hopscope::core::analysis
