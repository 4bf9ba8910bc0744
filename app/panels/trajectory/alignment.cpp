#include "app/panels/trajectory/alignment.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <span>
#include <utility>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

/// What stands beside an aligned pair: the tokens dealt out anew so many times, and so many of them
/// at most, evenly spread.
constexpr int64_t kRotations = 20, kMostRotated = 256;

/// Empty where the token did not run there.
std::span<const int32_t> experts_at(const core::TraceResult& trace, int64_t token, int64_t layer,
                                    int64_t hop) {
    if (token < 0 || layer < 0 || hop < 0 || token >= std::ssize(trace.tokens) ||
        layer >= std::ssize(trace.layers))
        return {};
    const auto& hops = trace.layers[static_cast<size_t>(layer)].hops;
    if (hop >= std::ssize(hops)) return {};
    const core::TraceHop& at = hops[static_cast<size_t>(hop)];
    const auto t = static_cast<size_t>(token), k = static_cast<size_t>(at.top_k);
    if (t < at.executed.size() && !at.executed[t]) return {};
    if ((t + 1) * k > at.experts.size()) return {};
    return std::span(at.experts).subspan(t * k, k);
}

bool in_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_';
}

std::string lower_ascii(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x80)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// Bytes [begin, end) of the word around a byte of the text; empty where it is of none.
std::pair<size_t, size_t> word_around(const std::string& text, size_t at) {
    if (at >= text.size() || !in_word(text[at])) return {at, at};
    size_t begin = at, end = at + 1;
    while (begin > 0 && in_word(text[begin - 1])) --begin;
    while (end < text.size() && in_word(text[end])) ++end;
    return {begin, end};
}

/// Sum of overlaps, for their mean and its interval.
struct Sums {
    double sum = 0, squares = 0;
    int64_t n = 0;

    void add(float value) {
        if (std::isnan(value)) return;
        sum += static_cast<double>(value);
        squares += static_cast<double>(value) * static_cast<double>(value);
        ++n;
    }
    double mean() const { return n > 0 ? sum / static_cast<double>(n) : std::nan(""); }
    /// Half of the 95 % interval of the mean.
    double half() const {
        if (n < 2) return std::nan("");
        const double count = static_cast<double>(n);
        const double variance = std::max(squares - sum * sum / count, 0.0) / (count - 1);
        return 1.96 * std::sqrt(variance / count);
    }
};

PairedHop paired_hop(const core::TraceResult& first, const core::TraceResult& second,
                     const Alignment& pairs, const HopColumn& at) {
    Sums aligned, other;
    for (int64_t a = pairs.begin(); a < pairs.end(); ++a)
        aligned.add(overlap(first, a, second, a - pairs.shift, at.layer, at.hop));
    const int64_t n = pairs.pairs(), stride = std::max<int64_t>(n / kMostRotated, 1);
    for (int64_t turn = 1; turn <= std::min(n - 1, kRotations); ++turn)
        for (int64_t i = 0; i < n; i += stride)
            other.add(overlap(first, pairs.begin() + i, second,
                              pairs.begin() - pairs.shift + (i + turn) % n, at.layer, at.hop));
    PairedHop out;
    out.n = aligned.n;
    out.mean = static_cast<float>(aligned.mean());
    out.low = static_cast<float>(std::max(aligned.mean() - aligned.half(), 0.0));
    out.high = static_cast<float>(std::min(aligned.mean() + aligned.half(), 1.0));
    if (aligned.n < 2) out.low = out.high = core::kNaN;
    out.other_n = other.n;
    out.other = static_cast<float>(other.mean());
    return out;
}

}  // namespace

int64_t Alignment::below(int64_t token) const {
    const int64_t out = token - shift;
    return token >= 0 && token < first && out >= 0 && out < second ? out : -1;
}

int64_t Alignment::above(int64_t token) const {
    const int64_t out = token + shift;
    return token >= 0 && token < second && out >= 0 && out < first ? out : -1;
}

int64_t Alignment::begin() const {
    return std::max<int64_t>(0, shift);
}

int64_t Alignment::end() const {
    return std::max(std::min(first, second + shift), begin());
}

int64_t Alignment::lead() const {
    return std::max<int64_t>(0, -shift);
}

int64_t Alignment::total() const {
    return lead() + std::max(first, second + shift);
}

Alignment alignment_of(const core::TraceResult& first, const core::TraceResult& second,
                       int64_t shift) {
    const int64_t a = std::ssize(first.tokens), b = std::ssize(second.tokens);
    // At least one pair stays, wherever the prompts have got shorter.
    return {a > 0 && b > 0 ? std::clamp(shift, 1 - b, a - 1) : 0, a, b};
}

int64_t token_at(const core::TraceResult& trace, int64_t byte) {
    for (size_t t = 0; t < trace.tokens.size(); ++t)
        if (trace.tokens[t].begin <= byte && byte < trace.tokens[t].end)
            return static_cast<int64_t>(t);
    return -1;
}

std::string word_at(const core::TraceResult& trace, int64_t token) {
    if (token < 0 || token >= std::ssize(trace.tokens)) return {};
    const auto& at = trace.tokens[static_cast<size_t>(token)];
    // The piece may begin with the blank before the word.
    for (int64_t byte = at.end; byte-- > at.begin;) {
        const auto [begin, end] = word_around(trace.prompt, static_cast<size_t>(byte));
        if (begin < end) return lower_ascii(trace.prompt.substr(begin, end - begin));
    }
    return {};
}

std::vector<int64_t> ends_of_word(const core::TraceResult& trace, const std::string& word) {
    std::vector<int64_t> out;
    if (word.empty()) return out;
    const std::string text = lower_ascii(trace.prompt);
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const auto [begin, end] = word_around(text, at);
        if (begin != at || end != at + word.size()) continue;
        const int64_t token = token_at(trace, static_cast<int64_t>(end) - 1);
        if (token >= 0) out.push_back(token);
    }
    return out;
}

std::optional<int64_t> shift_to_word(const core::TraceResult& first, int64_t token,
                                     const core::TraceResult& second, int64_t present) {
    const std::string word = word_at(first, token);
    const auto above = ends_of_word(first, word), below = ends_of_word(second, word);
    // The last token of the word that the token is part of.
    const auto own = std::lower_bound(above.begin(), above.end(), token);
    if (own == above.end() || below.empty()) return {};
    const auto nearest = std::min_element(below.begin(), below.end(), [&](int64_t a, int64_t b) {
        return std::abs(*own - a - present) < std::abs(*own - b - present);
    });
    return *own - *nearest;
}

float overlap(const core::TraceResult& first, int64_t a, const core::TraceResult& second, int64_t b,
              int64_t layer, int64_t hop) {
    const auto above = experts_at(first, a, layer, hop), below = experts_at(second, b, layer, hop);
    if (above.empty() || below.empty()) return core::kNaN;
    return static_cast<float>(core::jaccard_of(above, below));
}

float mean_overlap(const core::TraceResult& first, int64_t a, const core::TraceResult& second,
                   int64_t b) {
    Sums sums;
    for (int64_t l = 0; l < std::ssize(first.layers); ++l)
        for (int64_t h = 0; h < std::ssize(first.layers[static_cast<size_t>(l)].hops); ++h)
            sums.add(overlap(first, a, second, b, l, h));
    return static_cast<float>(sums.mean());
}

SharedExperts shared_experts(const core::TraceResult& first, int64_t a,
                             const core::TraceResult& second, int64_t b, const HopColumn& at) {
    SharedExperts out;
    const auto above = choice_of(first, a, at.layer, at.hop),
               below = choice_of(second, b, at.layer, at.hop);
    const auto holds = [](const std::vector<ChosenExpert>& choice, int64_t expert) {
        return std::any_of(choice.begin(), choice.end(),
                           [&](const ChosenExpert& e) { return e.expert == expert; });
    };
    for (const ChosenExpert& e : above)
        (holds(below, e.expert) ? out.both : out.first).push_back(e.expert);
    for (const ChosenExpert& e : below)
        if (!holds(above, e.expert)) out.second.push_back(e.expert);
    return out;
}

std::vector<PairedHop> paired_hops(const core::TraceResult& first, const core::TraceResult& second,
                                   const std::vector<HopColumn>& columns, int64_t shift) {
    std::vector<PairedHop> out;
    const Alignment pairs = alignment_of(first, second, shift);
    for (const HopColumn& column : columns) out.push_back(paired_hop(first, second, pairs, column));
    return out;
}

}  // namespace hopscope::app
