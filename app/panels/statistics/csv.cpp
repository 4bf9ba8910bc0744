// The tables of the statistics panel as comma-separated text.
#include "app/panels/statistics/csv.h"

#include <cmath>
#include <span>

#include "core/api/base.h"
#include "core/api/layer_names.h"

namespace hopscope::app {
namespace {

std::string place(const std::string& layer, int64_t step) {
    return layer + ", step " + std::to_string(step);
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

std::string csv_of(const Collinearity& c, const std::string& layer) {
    const auto number = [](double v) { return core::csv_number(v); };
    std::string out = "# cosines of centroids, " + place(layer, c.step) + ", " + caption_of(c) +
                      "\n" + square("expert", c.cosines, c.shown.size(), [&](size_t i) {
                          return std::to_string(c.shown[i]);
                      });
    out += "# pairs of centroids with the highest cosines, of " + std::to_string(c.all.pairs) +
           "; largest of as many random directions: " + number(c.chance.median) + ", 95 % " +
           number(c.chance.low) + " to " + number(c.chance.high) + "\nexpert,other,cosine\n";
    for (const viz::RowPair& pair : c.closest)
        out += std::to_string(pair.a) + "," + std::to_string(pair.b) + "," +
               core::csv_number(pair.cosine) + "\n";
    return out;
}

std::string csv_of(const Coactivation& c, const std::string& layer) {
    std::string out =
        "# share of the uses of the expert of the row whose set also holds that of "
        "the column, " +
        place(layer, c.step) + ", " + std::to_string(c.tokens) + " tokens, " +
        std::to_string(c.hops) + " hops\n" +
        square("expert", c.shares, c.shown.size(),
               [&](size_t i) { return std::to_string(c.shown[i]); });
    out +=
        "# strongest pairs\nexpert,other,together,uses,share,share_ci95_low,share_ci95_high,"
        "expected\n";
    for (const PairUse& pair : c.strongest)
        out += std::to_string(pair.expert) + "," + std::to_string(pair.other) + "," +
               std::to_string(pair.together) + "," + std::to_string(pair.uses) + "," +
               core::csv_number(pair.share) + "," + core::csv_number(pair.ci95.low) + "," +
               core::csv_number(pair.ci95.high) + "," + core::csv_number(pair.expected) + "\n";
    return out;
}

std::string csv_of(const Saturation& s) {
    std::string out = "# share of the experts chosen at a step that are chosen at step " +
                      std::to_string(s.last_step) + ", mean over " + std::to_string(s.tokens) +
                      " tokens of the sample\nstep,layer,saturation,saturation_ci95_low,"
                      "saturation_ci95_high,first,chance\n";
    for (size_t l = 0; l < s.layers.size(); ++l)
        for (size_t i = 0; i < s.layers[l].mean.size(); ++i) {
            const SaturationCurve& c = s.layers[l];
            out += core::csv_number(s.steps[i]) + "," + std::to_string(l) + "," +
                   core::csv_number(c.mean[i]) + "," + core::csv_number(c.low[i]) + "," +
                   core::csv_number(c.high[i]) + "," + core::csv_number(c.first[i]) + "," +
                   core::csv_number(c.chance) + "\n";
        }
    return out;
}

std::string csv_of(const Information& i, const core::GeometrySnapshot& of) {
    std::string out = std::string("# mutual information of ") + name_of(i.label) +
                      " and chosen expert, nats, step " + std::to_string(i.step) + ", " +
                      std::to_string(i.tokens) + " tokens, " + std::to_string(i.labels) +
                      " labels, " + std::to_string(kShuffles) +
                      " shuffles\nlayer,information,chance,chance_low,chance_high,above,"
                      "above_ci95_low,above_ci95_high,p,entropy\n";
    for (size_t l = 0; l < i.layers.size(); ++l) {
        const LayerInformation& n = i.layers[l];
        out += core::layer_number(of.layers[l].name, static_cast<int64_t>(l));
        for (const double v : {n.nats, n.chance, n.chance_low, n.chance_high, n.above,
                               n.above_ci95.low, n.above_ci95.high, n.p, n.entropy})
            out += "," + core::csv_number(v);
        out += "\n";
    }
    return out;
}

std::string csv_of(const LoadMap& map, const std::string& layer) {
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

std::string csv_of(const Utilisation& u, const std::string& layer, int64_t step) {
    std::string out = "# load of the experts, times uniform, " + place(layer, step) + ", n " +
                      core::csv_number(u.choices) +
                      " choices\nrank,expert,load,load_ci95_low,load_ci95_high\n";
    const auto experts = static_cast<int64_t>(u.experts.size());
    for (size_t i = 0; i < u.experts.size(); ++i) {
        const double load = std::isfinite(u.loads[i]) ? u.loads[i] : 0.0;
        const viz::Interval ci95 =
            load_interval(load / static_cast<double>(experts), u.choices, experts);
        out += std::to_string(i + 1) + "," + std::to_string(u.experts[i]) + "," +
               core::csv_number(load) + "," + core::csv_number(ci95.low) + "," +
               core::csv_number(ci95.high) + "\n";
    }
    return out;
}

std::string csv_of(const core::LayerGeometry& g, const std::vector<viz::SampledMean>& sampled,
                   const std::string& layer, int64_t step) {
    const auto n = static_cast<size_t>(g.hops);
    if (g.jaccard.size() < n * n) return {};
    const auto hop = [](size_t i) { return std::to_string(i); };
    std::vector<float> half;
    for (const viz::SampledMean& mean : sampled) half.push_back(static_cast<float>(mean.half()));
    std::string out = "# Jaccard of the experts chosen at two hops, mean over the probe tokens, " +
                      place(layer, step) + "\n" + square("hop", g.jaccard, n, hop);
    if (half.empty() || half.size() != n * n || sampled.front().n < 2) return out;
    return out + "# half of its 95 % interval, n " + std::to_string(sampled.front().n) +
           " tokens\n" + square("hop", half, n, hop);
}

std::string csv_of(const StepOverlap& s, const std::string& layer) {
    const auto step = [&](size_t i) { return std::to_string(s.steps[i]); };
    std::vector<float> half;
    for (const viz::Interval& ci95 : s.ci95)
        half.push_back(static_cast<float>((ci95.high - ci95.low) / 2));
    return "# Jaccard of the experts chosen at two steps, mean over " + std::to_string(s.tokens) +
           " probe tokens and " + std::to_string(s.hops) + " hops, " + layer + "\n" +
           square("step", s.jaccard, s.steps.size(), step) +
           "# half of its 95 % interval, over tokens\n" +
           square("step", half, s.steps.size(), step);
}

std::string csv_of(const LayerMeans& entropy, const LayerMeans& max_prob, int64_t step) {
    std::string out = "# routing of each layer, means, ranges and 95 % intervals over " +
                      std::to_string(entropy.updates) + " updates up to step " +
                      std::to_string(step) + "; entropy in nats\nlayer";
    for (const std::string name : {"entropy", "max_prob"})
        for (const char* part : {"", "_low", "_high", "_ci95_low", "_ci95_high"})
            out += "," + name + part;
    out += "\n";
    for (size_t l = 0; l < entropy.mean.size() && l < max_prob.mean.size(); ++l) {
        out += std::to_string(l);
        for (const LayerMeans* means : {&entropy, &max_prob})
            for (const double v : {means->mean[l], means->low[l], means->high[l],
                                   means->ci95[l].low, means->ci95[l].high})
                out += "," + core::csv_number(v);
        out += "\n";
    }
    return out;
}

std::string csv_of(const LayerMeans& entropy, const core::GeometrySnapshot& recorded) {
    std::string out = "# entropy of each router, mean, range and 95 % interval over " +
                      std::to_string(entropy.tokens) +
                      " tokens of the trace, nats\n"
                      "layer,entropy,entropy_low,entropy_high,entropy_ci95_low,entropy_ci95_high\n";
    for (size_t l = 0; l < entropy.mean.size() && l < recorded.layers.size(); ++l) {
        out += core::layer_number(recorded.layers[l].name, static_cast<int64_t>(l));
        for (const double v : {entropy.mean[l], entropy.low[l], entropy.high[l],
                               entropy.ci95[l].low, entropy.ci95[l].high})
            out += "," + core::csv_number(v);
        out += "\n";
    }
    return out;
}

std::string csv_of(const LayerNorms& norms) {
    std::string out = "# mean norms over the " + std::to_string(norms.tokens) +
                      " tokens of the traced prompt, step " + std::to_string(norms.step) +
                      "\nlayer,attention,experts,attention_ci95_low,attention_ci95_high,"
                      "experts_ci95_low,experts_ci95_high\n";
    for (size_t l = 0; l < norms.attention.size(); ++l) {
        out += std::to_string(l);
        for (const double v :
             {norms.attention[l], norms.experts[l], norms.attention_ci95[l].low,
              norms.attention_ci95[l].high, norms.experts_ci95[l].low, norms.experts_ci95[l].high})
            out += "," + core::csv_number(v);
        out += "\n";
    }
    return out;
}

}  // namespace hopscope::app
