// The tables of the statistics panel as comma-separated text.
#include "app/panels/statistics/csv.h"

#include <cmath>
#include <span>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

std::string place(int64_t layer, int64_t step) {
    return "layer " + std::to_string(layer) + ", step " + std::to_string(step);
}

/// A square matrix whose rows and columns have names.
template <class Name>
std::string square(const std::string& first, std::span<const float> values, size_t n, Name name) {
    std::string out = first;
    for (size_t j = 0; j < n; ++j) out += "," + name(j);
    out += "\n";
    for (size_t i = 0; i < n; ++i) {
        out += name(i);
        for (size_t j = 0; j < n; ++j) out += "," + core::csv_number(values[i * n + j]);
        out += "\n";
    }
    return out;
}

}  // namespace

std::string csv_of(const Collinearity& c) {
    return "# cosines of centroids, " + place(c.layer, c.step) + ", " + caption_of(c) + "\n" +
           square("expert", c.cosines, c.shown.size(),
                  [&](size_t i) { return std::to_string(c.shown[i]); });
}

std::string csv_of(const LoadMap& map, int64_t layer) {
    std::string out = "# load of each expert, times uniform, by step; " +
                      place(layer, map.last_step) + "\nexpert";
    for (int64_t c = 0; c < map.columns; ++c)
        out += "," + std::to_string(c + 1 == map.columns ? map.last_step : map.step_of(c));
    out += "\n";
    for (size_t row = 0; row < map.order.size(); ++row) {
        out += std::to_string(map.order[row]);
        for (int64_t c = 0; c < map.columns; ++c) {
            const float v =
                map.values[row * static_cast<size_t>(map.columns) + static_cast<size_t>(c)];
            out += "," + core::csv_number(v == LoadMap::kUnused ? 0.0f : std::exp2(v));
        }
        out += "\n";
    }
    return out;
}

std::string csv_of(const Utilisation& u, int64_t layer, int64_t step) {
    std::string out =
        "# load of the experts, times uniform, " + place(layer, step) + "\nrank,expert,load\n";
    for (size_t i = 0; i < u.experts.size(); ++i)
        out += std::to_string(i + 1) + "," + std::to_string(u.experts[i]) + "," +
               core::csv_number(std::isfinite(u.loads[i]) ? u.loads[i] : 0.0) + "\n";
    return out;
}

std::string csv_of(const core::LayerGeometry& g, int64_t layer, int64_t step) {
    const auto n = static_cast<size_t>(g.hops);
    if (g.jaccard.size() < n * n) return {};
    return "# Jaccard of the experts chosen at two hops, mean over the probe tokens, " +
           place(layer, step) + "\n" +
           square("hop", g.jaccard, n, [](size_t i) { return std::to_string(i); });
}

std::string csv_of(const StepOverlap& s, int64_t layer) {
    return "# Jaccard of the experts chosen at two steps, mean over " + std::to_string(s.tokens) +
           " probe tokens and " + std::to_string(s.hops) + " hops, layer " + std::to_string(layer) +
           "\n" + square("step", s.jaccard, s.steps.size(), [&](size_t i) {
               return std::to_string(s.steps[i]);
           });
}

std::string csv_of(const LayerMeans& entropy, const LayerMeans& max_prob, int64_t step) {
    std::string out = "# routing of each layer, means and ranges over " +
                      std::to_string(entropy.updates) + " updates up to step " +
                      std::to_string(step) +
                      "; entropy in nats\nlayer,entropy,entropy_low,entropy_high,max_prob,"
                      "max_prob_low,max_prob_high\n";
    for (size_t l = 0; l < entropy.mean.size() && l < max_prob.mean.size(); ++l)
        out += std::to_string(l) + "," + core::csv_number(entropy.mean[l]) + "," +
               core::csv_number(entropy.low[l]) + "," + core::csv_number(entropy.high[l]) + "," +
               core::csv_number(max_prob.mean[l]) + "," + core::csv_number(max_prob.low[l]) + "," +
               core::csv_number(max_prob.high[l]) + "\n";
    return out;
}

std::string csv_of(const LayerNorms& norms) {
    std::string out = "# mean norms over the " + std::to_string(norms.tokens) +
                      " tokens of the traced prompt, step " + std::to_string(norms.step) +
                      "\nlayer,attention,experts\n";
    for (size_t l = 0; l < norms.attention.size(); ++l)
        out += std::to_string(l) + "," + core::csv_number(norms.attention[l]) + "," +
               core::csv_number(norms.experts[l]) + "\n";
    return out;
}

}  // namespace hopscope::app
