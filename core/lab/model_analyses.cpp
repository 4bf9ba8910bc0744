// The analyses of product.md section 7 that read a model: measurements (core/measure) as documents
// with n, intervals over batches, and tables.
#include <algorithm>
#include <cmath>

#include "core/config/arithmetic.h"
#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/lab/snapshot_series.h"
#include "core/measure/model_space.h"
#include "core/measure/router_geometry.h"
#include "core/probe/plan.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/overlap.h"
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
    if (all.empty() && divergence)
        return usage_error("every layer has one hop: there are no consecutive hops");
    out.result = {
        {"per_layer", layers}, {"mean", json_number(stats::mean(all))}, {"intervals", intervals}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<Evaluation> evaluate_with(const AnalysisContext& context, const Controls& controls) {
    auto source = context.measured->source(context.progress);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    return evaluate(run.config, run.weights, **source, kAnalysisBatches, controls,
                    context.progress);
}

/// Perplexity before and after a control, with the paired interval of the loss difference.
Result<AnalysisOutput> before_after(const AnalysisContext& context, const Controls& controls,
                                    const char* after_name, bool with_jaccard) {
    auto found = context.measured->base(context.progress);
    if (!found) return found.error();
    const Evaluation* base = *found;
    auto changed = evaluate_with(context, controls);
    if (!changed) return changed.error();
    AnalysisOutput out;
    out.n = base->tokens;
    out.result = perplexities(*base, *changed, after_name, context.seed);
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

Status has_rows(const AnalysisContext& context) {
    const auto& config = context.measured->run().config;
    if (config.model.ffn == "dense" || config.moe.router == "hash")
        return usage_error("this router has no rows (hash, or a dense model)");
    return {};
}

OrderedJson collinearity_json(const Collinearity& c) {
    return {{"mean_cosine", json_number(c.mean_cosine)},
            {"nearest_cosine", json_number(c.nearest_cosine)},
            {"effective_rank", json_number(c.effective_rank)},
            {"coherence", json_number(c.coherence)},
            {"mean_squared_cosine", json_number(c.mean_squared)},
            {"random_squared_cosine", json_number(c.random_squared)}};
}

/// Expected Jaccard of two k-sets drawn at random from pools of a and b experts, numbered from 0.
double random_jaccard(int64_t a, int64_t b, int64_t k) {
    // The larger pool holds the smaller one.
    return stats::expected_best(stats::overlap_distribution(std::max(a, b), k, k), 1,
                                [&](int64_t both) { return stats::jaccard_of(both, k, k); });
}

/// Index sets of the first hops of two layers.
void add_layer_pairs(AnalysisOutput& out, const RoutingSample& sample,
                     const AnalysisContext& context) {
    OrderedJson pairs = OrderedJson::array();
    AnalysisTable table{"layers", {"layer", "other_layer", "jaccard"}, {}};
    const auto& moe = context.config.moe;
    const auto first_pool = [&](size_t l) {
        return pool_sizes(moe, moe.hops_of(static_cast<int64_t>(l)))[0];
    };
    for (size_t l = 0; l < sample.layer_jaccard.size(); ++l)
        for (size_t m = 0; m < l; ++m) {
            const auto& found = sample.layer_jaccard[l][m];
            auto pair = with_interval(found, context.seed);
            pair["layers"] = {m, l};
            pair["random"] = json_number(random_jaccard(first_pool(m), first_pool(l), moe.top_k));
            pairs.push_back(std::move(pair));
            table.rows.push_back({std::to_string(m), std::to_string(l), csv_number(found.mean())});
        }
    out.result["between_layers"] = pairs;
    out.tables.push_back(std::move(table));
}

/// The same tokens' choices at two saved steps.
Status add_steps(AnalysisOutput& out, const AnalysisContext& context) {
    auto series = snapshot_series(context);
    if (!series) return series.error();
    OrderedJson steps = OrderedJson::array();
    AnalysisTable table{"steps", {"from", "to", "layer", "jaccard"}, {}};
    for (const auto& step : series->consecutive) {
        OrderedJson layers = OrderedJson::array();
        for (size_t l = 0; l < step.layers.size(); ++l) {
            layers.push_back(json_number(step.layers[l].jaccard));
            table.rows.push_back({std::to_string(step.from), std::to_string(step.to),
                                  std::to_string(l), csv_number(step.layers[l].jaccard)});
        }
        steps.push_back({{"from", step.from}, {"to", step.to}, {"per_layer", layers}});
    }
    out.result["between_steps"] = steps;
    out.tables.push_back(std::move(table));
    return {};
}

}  // namespace

Result<AnalysisOutput> jaccard(const AnalysisContext& context) {
    auto out = hop_pairs(context, false);
    if (!out) return out;
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    add_layer_pairs(*out, **sample, context);
    if (auto s = add_steps(*out, context); !s) return s.error();
    return out;
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
    if (auto s = has_rows(context); !s) return s.error();
    const auto& run = context.measured->run();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{"",
                        {"layer", "space", "hop", "rows", "mean_cosine", "nearest_cosine",
                         "effective_rank", "coherence"},
                        {}};
    const auto add_row = [&](size_t layer, const char* space, int64_t hop, const Collinearity& c) {
        table.rows.push_back({std::to_string(layer), space, hop < 0 ? "" : std::to_string(hop),
                              std::to_string(c.n), csv_number(c.mean_cosine),
                              csv_number(c.nearest_cosine), csv_number(c.effective_rank),
                              csv_number(c.coherence)});
    };
    for (size_t l = 0; l < run.weights.layers.size(); ++l) {
        const auto& w = run.weights.layers[l];
        const auto rows = router_rows(w);
        const auto all = collinearity_of(rows);
        out.n += all.n;
        auto json = collinearity_json(all);
        add_row(l, "routing", -1, all);
        const auto add_part = [&](const char* key, const char* space, int64_t hop,
                                  const Collinearity& c) {
            auto part = collinearity_json(c);
            part["hop"] = hop < 0 ? OrderedJson(nullptr) : OrderedJson(hop);
            part["n"] = c.n;
            json[key].push_back(std::move(part));
            add_row(l, space, hop, c);
        };
        const auto pools = pools_of(run.config, static_cast<int64_t>(l));
        for (size_t p = 0; p < pools.size() && pools.size() > 1; ++p)
            add_part("pools", "routing", static_cast<int64_t>(p),
                     collinearity_of(rows.narrow(0, pools[p].offset, pools[p].size)));
        if (w.proj.defined())
            for (const auto& part : in_model_space(run.config, w, static_cast<int64_t>(l), rows))
                add_part("model_space", "model", part.hop, collinearity_of(part.rows));
        layers.push_back(std::move(json));
    }
    out.result = {{"layers", layers}};
    out.tables.push_back(std::move(table));
    return out;
}

Result<AnalysisOutput> density(const AnalysisContext& context) {
    if (auto s = has_rows(context); !s) return s.error();
    auto scores = context.measured->scores(context.progress);
    if (!scores) return scores.error();
    const auto& run = context.measured->run();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{
        "",
        {"layer", "nearest_angle_degrees", "per_effective_dimension", "margin", "angle_margin"},
        {}};
    for (size_t l = 0; l < run.weights.layers.size(); ++l) {
        const auto c = core::collinearity(run.weights.layers[l]);
        const auto& s = (*scores)->layers[l];
        out.n += c.n;
        layers.push_back({{"nearest_angle_degrees", json_number(c.nearest_angle)},
                          {"per_effective_dimension", json_number(c.per_dimension)},
                          {"effective_rank", json_number(c.effective_rank)},
                          {"margin", with_interval(s.margin, context.seed)},
                          {"angle_margin_degrees", with_interval(s.angle_margin, context.seed)}});
        table.rows.push_back({std::to_string(l), csv_number(c.nearest_angle),
                              csv_number(c.per_dimension), csv_number(s.margin.mean()),
                              csv_number(s.angle_margin.mean())});
    }
    out.result = {{"layers", layers}, {"tokens", (*scores)->tokens}};
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

}  // namespace hopscope::core::analysis
