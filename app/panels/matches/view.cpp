#include "app/panels/matches/view.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"
#include "core/api/base.h"
#include "viz/pca.h"

namespace hopscope::app {
namespace {

/// The largest coordinate is 1.
float scale_of(const std::vector<float>& a, const std::vector<float>& b) {
    float most = 1e-6f;
    for (const auto* points : {&a, &b})
        for (size_t i = 0; i + 2 < points->size(); i += 3)
            most = std::max(most, std::hypot((*points)[i], (*points)[i + 1], (*points)[i + 2]));
    return 1 / most;
}

std::string joined(const std::vector<std::string>& pieces) {
    std::string out;
    for (const std::string& piece : pieces) out += (out.empty() ? "" : " ") + piece;
    return out;
}

}  // namespace

std::vector<size_t> quantiles_of(const core::ExpertMatches& matches, size_t count) {
    const size_t n = matches.matches.size();
    std::vector<size_t> out;
    if (n <= count || count < 2) {
        for (size_t i = 0; i < n; ++i) out.push_back(i);
        return out;
    }
    for (size_t i = 0; i < count; ++i) out.push_back(i * (n - 1) / (count - 1));
    return out;
}

MovedPicture moved_picture(const core::ExpertMatches& matches, bool dark) {
    MovedPicture out;
    const auto experts = static_cast<size_t>(std::max<int64_t>(0, matches.experts_a));
    out.color_a.assign(experts, viz::place_color(0, 0, 0, dark));
    if (matches.centroids_a.empty() || experts == 0) return out;
    const auto dim = static_cast<int64_t>(matches.centroids_a.size() / experts);
    const viz::Basis basis = viz::fit_pca(matches.centroids_a, dim);
    if (!basis.valid()) return out;
    const auto a = viz::project(basis, matches.centroids_a),
               b = viz::project(basis, matches.centroids_b);
    const float scale = scale_of(a, b);
    out.share_x = basis.share[0];
    out.share_y = basis.share[1];
    for (size_t i = 0; i < experts; ++i)
        out.color_a[i] =
            viz::place_color(a[3 * i] * scale, a[3 * i + 1] * scale, a[3 * i + 2] * scale, dark);
    for (size_t i = 0; i < matches.matches.size(); ++i) {
        const core::ExpertMatch& match = matches.matches[i];
        const auto from = static_cast<size_t>(match.a),
                   to = static_cast<size_t>(matches.one_run ? match.a : match.b);
        if (match.b < 0 || 3 * to + 2 >= b.size()) continue;
        out.centroids.push_back({a[3 * from] * scale, a[3 * from + 1] * scale, b[3 * to] * scale,
                                 b[3 * to + 1] * scale, out.color_a[from], i});
    }
    return out;
}

std::string with_interval(const core::MatchedNumber& number, int decimals) {
    if (!std::isfinite(number.value)) return kNothing;
    return rounded(number.value, decimals) + " [" + rounded(number.low, decimals) + ", " +
           rounded(number.high, decimals) + "]";
}

std::string chance_text(const core::MatchedNumber& number, int decimals) {
    if (!std::isfinite(number.chance)) return kNothing;
    return rounded(number.chance, decimals) + " \xC2\xB1 " + rounded(number.chance_std, decimals);
}

std::string csv_of(const core::ExpertMatches& matches) {
    const core::MatchRequest& asked = matches.request;
    std::string out = "# experts of " + matches.layer_name + ", a: " + asked.run_a + " step " +
                      std::to_string(asked.step_a) + ", b: " + asked.run_b + " step " +
                      std::to_string(asked.step_b) + ", " + std::to_string(matches.tokens) +
                      " tokens, chance of " + std::to_string(asked.draws) + " draws\n" +
                      "a,b,cosine,moved_degrees,jaccard,above_chance,tokens_a,tokens_b\n";
    for (const core::ExpertMatch& match : matches.matches)
        out += std::to_string(match.a) + "," + std::to_string(match.b) + "," +
               core::csv_number(match.cosine) + "," + core::csv_number(match.moved) + "," +
               core::csv_number(match.jaccard) + "," + (match.above_chance ? "yes" : "no") + "," +
               core::csv_text(joined(match.pieces_a)) + "," +
               core::csv_text(joined(match.pieces_b)) + "\n";
    return out;
}

}  // namespace hopscope::app
