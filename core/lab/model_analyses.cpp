// The analyses of product.md section 7 that read a model: measurements (core/measure) as documents
// with n, intervals over batches, and tables.
#include <cmath>

#include "core/config/arithmetic.h"
#include "core/lab/measured.h"
#include "core/measure/router_geometry.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/train/engine.h"

namespace hopscope::core::analysis {
namespace {

double mean_of_finite(const std::vector<double>& x) {
    std::vector<double> finite;
    for (const double v : x)
        if (std::isfinite(v)) finite.push_back(v);
    return stats::mean(finite);
}

/// One number a layer, read from the shared sample.
Result<AnalysisOutput> per_layer(const AnalysisContext& context, const char* column,
                                 BatchMean LayerSample::*field, const char* missing) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    std::vector<double> means;
    OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array();
    AnalysisTable table{"", {"layer", column}, {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const BatchMean& m = (*sample)->layers[l].*field;
        means.push_back(m.mean());
        layers.push_back(json_number(m.mean()));
        intervals.push_back(with_interval(m, context.seed));
        table.rows.push_back({std::to_string(l), csv_number(m.mean())});
    }
    const double mean = mean_of_finite(means);
    if (std::isnan(mean)) return usage_error(missing);
    out.result = {{"per_layer", layers}, {"mean", json_number(mean)}, {"intervals", intervals}};
    out.tables.push_back(std::move(table));
    return out;
}

/// Consecutive hops' Jaccard, or 1 − it.
Result<AnalysisOutput> hop_pairs(const AnalysisContext& context, bool divergence) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    std::vector<double> all;
    OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array();
    AnalysisTable table{
        "", {"layer", "hop", "next_hop", divergence ? "divergence" : "jaccard"}, {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        OrderedJson pairs = OrderedJson::array(), ci = OrderedJson::array();
        const auto& jaccards = (*sample)->layers[l].jaccard;
        for (size_t p = 0; p < jaccards.size(); ++p) {
            BatchMean m = jaccards[p];
            if (divergence)
                for (double& x : m.batches) x = 1 - x;
            all.push_back(m.mean());
            pairs.push_back(json_number(m.mean()));
            ci.push_back(with_interval(m, context.seed));
            table.rows.push_back({std::to_string(l), std::to_string(p), std::to_string(p + 1),
                                  csv_number(m.mean())});
        }
        layers.push_back(pairs);
        intervals.push_back(ci);
    }
    if (all.empty()) return usage_error("every layer has one hop: there are no consecutive hops");
    out.result = {
        {"per_layer", layers}, {"mean", json_number(stats::mean(all))}, {"intervals", intervals}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<Evaluation> evaluate_with(const AnalysisContext& context, const Controls& controls) {
    auto source = context.measured->source(context.progress);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    if (run.config.model.ffn == "dense") return usage_error("a dense model has no experts");
    return evaluate(run.config, run.weights, **source, kAnalysisBatches, controls,
                    context.progress);
}

/// Perplexity before and after a control, with the paired interval of the loss difference.
Result<AnalysisOutput> before_after(const AnalysisContext& context, const Controls& controls,
                                    const char* after_name, bool with_jaccard) {
    auto base = evaluate_with(context, {});
    if (!base) return base.error();
    auto changed = evaluate_with(context, controls);
    if (!changed) return changed.error();
    const auto paired =
        stats::bootstrap_paired(changed->batches, base->batches, {10'000, context.seed});
    const auto ci = paired.interval(0.95);
    AnalysisOutput out;
    out.n = base->tokens;
    out.result = {{"perplexity_base", json_number(std::exp(base->loss))},
                  {std::string("perplexity_") + after_name, json_number(std::exp(changed->loss))},
                  {"ratio", json_number(std::exp(changed->loss - base->loss))},
                  {"loss_difference", json_number(changed->loss - base->loss)},
                  {"ci95", json_interval(ci.low, ci.high)},
                  {"batches", base->batches.size()}};
    if (with_jaccard) {
        const auto mean = [](const std::vector<std::vector<double>>& layers) {
            std::vector<double> all;
            for (const auto& layer : layers) all.insert(all.end(), layer.begin(), layer.end());
            return stats::mean(all);
        };
        out.result["jaccard_base"] = json_number(mean(base->jaccard));
        out.result[std::string("jaccard_") + after_name] = json_number(mean(changed->jaccard));
    }
    return out;
}

/// Collinearity of the router's rows of each layer.
Result<std::vector<Collinearity>> router_layers(const AnalysisContext& context) {
    std::vector<Collinearity> out;
    for (const auto& layer : context.measured->run().weights.layers) {
        out.push_back(core::collinearity(layer));
        if (out.back().n == 0)
            return usage_error("this router has no rows (hash, or a dense model)");
    }
    return out;
}

}  // namespace

OrderedJson with_interval(const BatchMean& m, uint64_t seed) {
    return mean_over(m.batches, "batches", seed);
}

Result<AnalysisOutput> jaccard(const AnalysisContext& context) {
    return hop_pairs(context, false);
}

Result<AnalysisOutput> hop_divergence(const AnalysisContext& context) {
    return hop_pairs(context, true);
}

Result<AnalysisOutput> echo(const AnalysisContext& context) {
    return per_layer(context, "echo", &LayerSample::echo,
                     "every layer has one hop: there is no second update to compare");
}

Result<AnalysisOutput> displacement(const AnalysisContext& context) {
    auto out = per_layer(context, "displacement", &LayerSample::displacement,
                         "no layer moves its routing position (one hop, or no positions)");
    auto relative = per_layer(context, "relative_update", &LayerSample::relative_update, "");
    if (out && relative) out->result["relative_update"] = relative->result;
    return out;
}

Result<AnalysisOutput> norms(const AnalysisContext& context) {
    return per_layer(context, "norm_ratio", &LayerSample::norm_ratio, "no layers");
}

Result<AnalysisOutput> confidence(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"", {"layer", "entropy", "max_prob"}, {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& s = (*sample)->layers[l];
        if (s.entropy.batches.empty())
            return usage_error("a hash router has no probabilities to be confident about");
        layers.push_back({{"entropy", json_number(s.entropy.mean())},
                          {"max_prob", json_number(s.max_prob.mean())},
                          {"entropy_interval", with_interval(s.entropy, context.seed)},
                          {"max_prob_interval", with_interval(s.max_prob, context.seed)}});
        table.rows.push_back(
            {std::to_string(l), csv_number(s.entropy.mean()), csv_number(s.max_prob.mean())});
    }
    // What even use would give: the mean over layers and hops of ln(pool size).
    std::vector<double> uniform;
    const auto& config = context.config;
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        for (const int64_t size : pool_sizes(config.moe, config.moe.hops_of(l)))
            uniform.push_back(std::log(static_cast<double>(size)));
    out.result = {{"layers", layers}, {"uniform_entropy", json_number(stats::mean(uniform))}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> load(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"", {"layer", "expert", "choices"}, {}};
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& counts = (*sample)->layers[l].counts;
        std::vector<double> x(counts.begin(), counts.end());
        auto sorted = x;
        std::sort(sorted.rbegin(), sorted.rend());
        double total = 0, top5 = 0;
        for (size_t i = 0; i < sorted.size(); ++i) {
            total += sorted[i];
            if (i < 5) top5 += sorted[i];
        }
        layers.push_back({{"counts", counts},
                          {"gini", json_number(stats::gini(x))},
                          {"cv", json_number(stats::coefficient_of_variation(x))},
                          {"max_over_mean", json_number(sorted.front() / stats::mean(x))},
                          {"dead", std::count(counts.begin(), counts.end(), 0)},
                          {"top5_share", json_number(total > 0 ? top5 / total : 0)},
                          {"effective_experts", json_number(stats::effective_number(x))}});
        for (size_t e = 0; e < counts.size(); ++e)
            table.rows.push_back({std::to_string(l), std::to_string(e), std::to_string(counts[e])});
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> collinearity(const AnalysisContext& context) {
    auto rows = router_layers(context);
    if (!rows) return rows.error();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{
        "", {"layer", "mean_cosine", "nearest_cosine", "effective_rank", "coherence"}, {}};
    for (size_t l = 0; l < rows->size(); ++l) {
        const auto& c = (*rows)[l];
        out.n += c.n;
        layers.push_back({{"mean_cosine", json_number(c.mean_cosine)},
                          {"nearest_cosine", json_number(c.nearest_cosine)},
                          {"effective_rank", json_number(c.effective_rank)},
                          {"coherence", json_number(c.coherence)},
                          {"mean_squared_cosine", json_number(c.mean_squared)},
                          {"random_squared_cosine", json_number(c.random_squared)}});
        table.rows.push_back({std::to_string(l), csv_number(c.mean_cosine),
                              csv_number(c.nearest_cosine), csv_number(c.effective_rank),
                              csv_number(c.coherence)});
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> density(const AnalysisContext& context) {
    auto rows = router_layers(context);
    if (!rows) return rows.error();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"", {"layer", "nearest_angle_degrees", "per_effective_dimension"}, {}};
    for (size_t l = 0; l < rows->size(); ++l) {
        const auto& c = (*rows)[l];
        out.n += c.n;
        layers.push_back({{"nearest_angle_degrees", json_number(c.nearest_angle)},
                          {"per_effective_dimension", json_number(c.per_dimension)},
                          {"effective_rank", json_number(c.effective_rank)}});
        table.rows.push_back(
            {std::to_string(l), csv_number(c.nearest_angle), csv_number(c.per_dimension)});
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> identity(const AnalysisContext& context) {
    const auto cosines = read_write_cosines(context.measured->run().weights);
    if (cosines.empty()) return usage_error("static experts and dense layers read nothing");
    AnalysisOutput out;
    out.n = static_cast<int64_t>(cosines.size());
    const auto share = [&](auto test) {
        return static_cast<double>(std::count_if(cosines.begin(), cosines.end(), test)) /
               static_cast<double>(cosines.size());
    };
    const auto ci = stats::bootstrap_mean(cosines, {2'000, context.seed}).interval(0.95);
    out.result = {{"mean", json_number(stats::mean(cosines))},
                  {"ci95", json_interval(ci.low, ci.high)},
                  {"share_abs_over_0_8", share([](double x) { return std::abs(x) > 0.8; })},
                  {"share_abs_under_0_2", share([](double x) { return std::abs(x) < 0.2; })},
                  {"n", cosines.size()}};
    AnalysisTable table{"", {"layer", "expert", "cosine"}, {}};
    const auto experts = static_cast<size_t>(context.config.moe.experts);
    for (size_t i = 0; i < cosines.size(); ++i)
        table.rows.push_back(
            {std::to_string(i / experts), std::to_string(i % experts), csv_number(cosines[i])});
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> zeroing(const AnalysisContext& context) {
    Controls controls;
    controls.zero_experts = true;
    return before_after(context, controls, "zeroed", false);
}

Result<AnalysisOutput> frozen_routing(const AnalysisContext& context) {
    Controls controls;
    controls.freeze_routing = true;
    return before_after(context, controls, "frozen", true);
}

Result<AnalysisOutput> hop_knockout(const AnalysisContext& context) {
    // One pass a (layer, hop) and batch: fewer batches than the others look at.
    constexpr int64_t kBatches = 5;
    auto source = context.measured->source(context.progress);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    auto map = core::hop_knockout(run.config, run.weights, **source, kBatches, context.progress);
    if (!map) return map.error();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array();
    AnalysisTable table{"", {"layer", "hop", "kl"}, {}};
    // A hop counts where its removal costs a tenth or more of the dearest one; trailing hops below
    // that are dropped (the paper chose its vector from such a map, its rule is not printed).
    constexpr double kShare = 0.1;
    double dearest = 0;
    for (const auto& layer : *map)
        for (const auto& hop : layer) dearest = std::max(dearest, hop.mean());
    OrderedJson proposed = OrderedJson::array();
    for (size_t l = 0; l < map->size(); ++l) {
        OrderedJson row = OrderedJson::array(), ci = OrderedJson::array();
        size_t keep = 1;
        for (size_t h = 0; h < (*map)[l].size(); ++h) {
            const auto& m = (*map)[l][h];
            out.n = static_cast<int64_t>(m.batches.size());
            row.push_back(json_number(m.mean()));
            ci.push_back(with_interval(m, context.seed));
            if (m.mean() >= kShare * dearest) keep = h + 1;
            table.rows.push_back({std::to_string(l), std::to_string(h), csv_number(m.mean())});
        }
        layers.push_back(row);
        intervals.push_back(ci);
        proposed.push_back(keep);
    }
    out.result = {{"per_layer", layers}, {"intervals", intervals}, {"proposed_hops", proposed}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
