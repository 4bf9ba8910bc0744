// Pieces shared by the analyses that speak of experts' words: names of tokens, shares and means
// with their intervals. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/analysis/analysis.h"
#include "core/lab/open_run.h"
#include "core/measure/dictionary.h"
#include "core/stats/bootstrap.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {

/// {"share", "ci95" (Clopper–Pearson), "count", "n"}.
inline OrderedJson share_json(int64_t count, int64_t n) {
    const auto ci95 = stats::share_ci95(count, n);
    return {{"share", json_number(static_cast<double>(count) / static_cast<double>(n))},
            {"ci95", json_interval(ci95.low, ci95.high)},
            {"count", count},
            {"n", n}};
}

/// {"mean", "ci95", "n"} of numbers that are independent units.
inline OrderedJson mean_json(const std::vector<double>& x, uint64_t seed) {
    const auto b = stats::bootstrap_mean(x, {2'000, seed});
    const auto ci = b.interval(0.95);
    return {{"mean", json_number(b.estimate)},
            {"ci95", json_interval(ci.low, ci.high)},
            {"n", x.size()}};
}

/// [{"piece", "score"}] of the first `count` words.
inline OrderedJson words_json(const WordList& words, const Tokenizer& tokenizer,
                              size_t count = static_cast<size_t>(kShownWords)) {
    OrderedJson out = OrderedJson::array();
    for (size_t i = 0; i < std::min(words.size(), count); ++i)
        out.push_back(
            {{"piece", tokenizer.piece(words[i].token)}, {"score", json_number(words[i].score)}});
    return out;
}

/// The pieces of the first ten words, for JSON.
inline std::vector<std::string> pieces_of(const WordList& words, const Tokenizer& tokenizer) {
    std::vector<std::string> out;
    for (size_t i = 0; i < std::min(words.size(), static_cast<size_t>(kShownWords)); ++i)
        out.push_back(tokenizer.piece(words[i].token));
    return out;
}

/// The same in one field of a table, separated by blanks.
inline std::string pieces_text(const std::vector<std::string>& pieces) {
    std::string out;
    for (const auto& piece : pieces) out += (out.empty() ? "" : " ") + piece;
    return out;
}

}  // namespace hopscope::core::analysis
