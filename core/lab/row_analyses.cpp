// The analyses of product.md section 7 that read the rows of routers and experts: collinearity,
// density, identity (science.md C4, A10).
#include <algorithm>
#include <cmath>

#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/measure/model_space.h"
#include "core/measure/router_geometry.h"
#include "core/probe/plan.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

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

/// A mean over the pools of a layer, weighted by their rows: rows of two pools never compete, so
/// that neither their distance nor their common span says how crowded a hop is.
struct PoolMean {
    double sum = 0;
    int64_t rows = 0;
    void add(double value, int64_t n) {
        sum += value * static_cast<double>(n);
        rows += n;
    }
    double mean() const { return rows > 0 ? sum / static_cast<double>(rows) : NAN; }
};

}  // namespace

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
        {"layer", "nearest_angle_degrees", "per_effective_dimension", "margin", "margin_ci95_low",
         "margin_ci95_high", "angle_margin", "angle_margin_ci95_low", "angle_margin_ci95_high"},
        {}};
    AnalysisTable by_pool{"pools",
                          {"layer", "hop", "rows", "nearest_angle_degrees", "effective_rank",
                           "per_effective_dimension"},
                          {}};
    for (size_t l = 0; l < run.weights.layers.size(); ++l) {
        const auto rows = router_rows(run.weights.layers[l]);
        const auto pools = pools_of(run.config, static_cast<int64_t>(l));
        const auto& s = (*scores)->layers[l];
        PoolMean angle, rank, per_dimension;
        OrderedJson list = OrderedJson::array();
        for (size_t p = 0; p < pools.size(); ++p) {
            const auto c = collinearity_of(rows.narrow(0, pools[p].offset, pools[p].size));
            out.n += c.n;
            if (c.n == 0) continue;  // a single row has no nearest one
            angle.add(c.nearest_angle, c.n);
            rank.add(c.effective_rank, c.n);
            per_dimension.add(c.per_dimension, c.n);
            list.push_back({{"hop", pools.size() > 1 ? OrderedJson(p) : OrderedJson(nullptr)},
                            {"n", c.n},
                            {"nearest_angle_degrees", json_number(c.nearest_angle)},
                            {"effective_rank", json_number(c.effective_rank)},
                            {"per_effective_dimension", json_number(c.per_dimension)}});
            by_pool.rows.push_back({std::to_string(l), pools.size() > 1 ? std::to_string(p) : "",
                                    std::to_string(c.n), csv_number(c.nearest_angle),
                                    csv_number(c.effective_rank), csv_number(c.per_dimension)});
        }
        layers.push_back({{"nearest_angle_degrees", json_number(angle.mean())},
                          {"per_effective_dimension", json_number(per_dimension.mean())},
                          {"effective_rank", json_number(rank.mean())},
                          {"margin", with_interval(s.margin, context.seed)},
                          {"angle_margin_degrees", with_interval(s.angle_margin, context.seed)},
                          {"pools", list}});
        std::vector<std::string> row = {std::to_string(l), csv_number(angle.mean()),
                                        csv_number(per_dimension.mean())};
        for (const char* key : {"margin", "angle_margin_degrees"}) {
            row.push_back(csv_cell(layers.back()[key]["mean"]));
            add_bounds(row, layers.back()[key]["ci95"]);
        }
        table.rows.push_back(std::move(row));
    }
    out.result = {{"layers", layers}, {"tokens", (*scores)->tokens}};
    out.tables.push_back(std::move(table));
    out.tables.push_back(std::move(by_pool));
    return out;
}

Result<AnalysisOutput> identity(const AnalysisContext& context) {
    const auto cosines = read_write_cosines(context.measured->run().weights);
    if (cosines.empty()) return usage_error("static experts and dense layers read nothing");
    AnalysisOutput out;
    out.n = static_cast<int64_t>(cosines.size());
    const auto share = [&](auto test) {
        return share_over(std::count_if(cosines.begin(), cosines.end(), test), out.n);
    };
    const auto over = share([](double x) { return std::abs(x) > 0.8; }),
               under = share([](double x) { return std::abs(x) < 0.2; });
    const auto ci = stats::bootstrap_mean(cosines, {2'000, context.seed}).interval(0.95);
    out.result = {{"mean", json_number(stats::mean(cosines))},
                  {"ci95", json_interval(ci.low, ci.high)},
                  {"share_abs_over_0_8", over["share"]},
                  {"share_abs_over_0_8_ci95", over["ci95"]},
                  {"share_abs_under_0_2", under["share"]},
                  {"share_abs_under_0_2_ci95", under["ci95"]},
                  {"n", cosines.size()}};
    AnalysisTable table{"", {"layer", "expert", "cosine"}, {}};
    const auto experts = static_cast<size_t>(context.config.moe.experts);
    for (size_t i = 0; i < cosines.size(); ++i)
        table.rows.push_back(
            {std::to_string(i / experts), std::to_string(i % experts), csv_number(cosines[i])});
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
