#include "core/analysis/best_match.h"

#include <cmath>
#include <cstdio>

namespace hopscope::core::analysis {

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

}  // namespace hopscope::core::analysis
