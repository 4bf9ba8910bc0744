// Analyses of what becomes of routing: over the hops of a layer (amplification), over the saved
// snapshots of a run (drift), and what its gradients did meanwhile (grad_norms).
#include <algorithm>
#include <cmath>

#include "core/analysis/curve.h"
#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/lab/snapshot_series.h"
#include "core/measure/amplification.h"
#include "core/run/columns.h"
#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"
#include "core/stats/proportions.h"

namespace hopscope::core::analysis {

Result<AnalysisOutput> amplification(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{
        "", {"layer", "a", "a_ci95_low", "a_ci95_high", "r2", "r2_ci95_low", "r2_ci95_high"}, {}};
    std::vector<double> factors;
    bool hops = false;
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& sums = (*sample)->layers[l].first_hop;
        const auto found = core::amplification(sums);
        const auto resampled = [&](double Amplification::*field) {
            const auto ci =
                stats::bootstrap_statistic(static_cast<int64_t>(sums.first.size()),
                                           [&](std::span<const int64_t> batches) {
                                               return core::amplification(sums, batches).*field;
                                           },
                                           {2'000, context.seed})
                    .interval(0.95);
            return json_interval(ci.low, ci.high);
        };
        hops = hops || !sums.first.empty();
        factors.push_back(found.a);
        layers.push_back({{"a", json_number(found.a)},
                          {"a_ci95", resampled(&Amplification::a)},
                          {"r2", json_number(found.r2)},
                          {"r2_ci95", resampled(&Amplification::r2)},
                          {"batches", sums.first.size()}});
        std::vector<std::string> row = {std::to_string(l), csv_number(found.a)};
        add_bounds(row, layers.back()["a_ci95"]);
        row.push_back(csv_number(found.r2));
        add_bounds(row, layers.back()["r2_ci95"]);
        table.rows.push_back(std::move(row));
    }
    if (!hops) return usage_error("every layer has one hop: there is nothing to amplify");
    auto base = context.measured->base(context.progress);
    if (!base) return base.error();
    auto source = context.measured->source(context.progress, kAnalysisBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    Controls first_only;
    first_only.hop_limit = 1;
    const auto loss_with = [&](const std::vector<double>& scale) {
        FirstHopScale probe(scale);
        return evaluate(run.config, run.weights, **source, kAnalysisBatches, first_only,
                        context.progress, &probe);
    };
    auto amplified = loss_with(factors);
    if (!amplified) return amplified.error();
    auto plain = loss_with(std::vector<double>(factors.size(), 1.0));
    if (!plain) return plain.error();
    out.result = perplexities(**base, *amplified, "amplified", context.seed);
    out.result["first_hop_alone"] = perplexities(**base, *plain, "first_hop", context.seed);
    out.result["layers"] = layers;
    out.tables.push_back(std::move(table));
    return out;
}

namespace {

/// What changed between two snapshots: a number a layer, beside it intervals and what they are
/// over.
OrderedJson change_json(const SnapshotStep& step) {
    OrderedJson out = {{"from", step.from}, {"to", step.to}};
    const auto add = [&](const std::string& name, ChangeMean LayerStep::*field) {
        OrderedJson values = OrderedJson::array(), intervals = OrderedJson::array();
        for (const auto& layer : step.layers) {
            const ChangeMean& m = layer.*field;
            values.push_back(json_number(m.mean));
            intervals.push_back(json_interval(m.ci95.low, m.ci95.high));
        }
        out[name] = values;
        out[name + "_ci95"] = intervals;
    };
    add("angle_degrees", &LayerStep::angle);
    add("choices_changed", &LayerStep::changed);
    OrderedJson experts = OrderedJson::array(), tokens = OrderedJson::array();
    for (const auto& layer : step.layers) {
        experts.push_back(layer.angle.n);
        tokens.push_back(layer.changed.n);
    }
    out["experts"] = experts;
    out["tokens"] = tokens;
    return out;
}

}  // namespace

Result<AnalysisOutput> drift(const AnalysisContext& context) {
    auto series = snapshot_series(context);
    if (!series) return series.error();
    if (series->consecutive.empty())
        return usage_error(
            context.folder.dir() + "/geometry: found " + std::to_string(series->snapshots) +
            " snapshots, drift needs two or more (train.snapshot_every)" +
            (series->damaged.empty() ? "" : "; cannot be read: " + series->damaged.front().reason));
    AnalysisOutput out;
    out.n = series->snapshots;
    AnalysisTable table{
        "",
        {"from", "to", "layer", "angle_degrees", "angle_ci95_low", "angle_ci95_high",
         "degrees_per_1000_updates", "choices_changed", "changed_ci95_low", "changed_ci95_high"},
        {}};
    OrderedJson intervals = OrderedJson::array();
    for (const auto& step : series->consecutive) {
        intervals.push_back(change_json(step));
        for (size_t l = 0; l < step.layers.size(); ++l) {
            const auto& c = step.layers[l];
            table.rows.push_back(
                {std::to_string(step.from), std::to_string(step.to), std::to_string(l),
                 csv_number(c.angle.mean), csv_number(c.angle.ci95.low),
                 csv_number(c.angle.ci95.high),
                 csv_number(1000 * c.angle.mean / static_cast<double>(step.to - step.from)),
                 csv_number(c.changed.mean), csv_number(c.changed.ci95.low),
                 csv_number(c.changed.ci95.high)});
        }
    }
    out.result = {{"snapshots", series->snapshots},
                  {"intervals", intervals},
                  {"whole_run", change_json(series->whole)},
                  {"damaged", damaged_json(series->damaged)}};
    out.tables.push_back(std::move(table));
    return out;
}

namespace {

struct GradientGroup {
    const char* name;
    float ScalarRecord::*field;
};
constexpr GradientGroup kGroups[] = {
    {"total", &ScalarRecord::grad_norm},          {"embedding", &ScalarRecord::grad_embedding},
    {"attention", &ScalarRecord::grad_attention}, {"router", &ScalarRecord::grad_router},
    {"experts", &ScalarRecord::grad_experts},     {"norms", &ScalarRecord::grad_norms},
};

/// Finite values of a field over updates from < step ≤ to.
std::vector<double> values_of(const std::vector<ScalarRecord>& records, float ScalarRecord::*field,
                              double from, double to) {
    std::vector<double> out;
    for (const auto& r : records) {
        const auto step = static_cast<double>(r.step);
        if (step > from && step <= to && std::isfinite(r.*field))
            out.push_back(static_cast<double>(r.*field));
    }
    return out;
}

/// Median and quartiles of each group, and the share of clipped updates.
OrderedJson norms_between(const std::vector<ScalarRecord>& records, double from, double to) {
    OrderedJson out, groups;
    for (const auto& group : kGroups) {
        auto x = values_of(records, group.field, from, to);
        std::sort(x.begin(), x.end());
        groups[group.name] = {{"median", json_number(stats::quantile_of_sorted(x, 0.5))},
                              {"quartiles", json_interval(stats::quantile_of_sorted(x, 0.25),
                                                          stats::quantile_of_sorted(x, 0.75))},
                              {"n", x.size()}};
    }
    out["groups"] = groups;
    const auto clipped = values_of(records, &ScalarRecord::clipped, from, to);
    const auto acted = std::count(clipped.begin(), clipped.end(), 1.0);
    out["clipped_share"] = json_number(
        clipped.empty() ? NAN : static_cast<double>(acted) / static_cast<double>(clipped.size()));
    const auto ci95 = stats::share_ci95(acted, static_cast<int64_t>(clipped.size()));
    out["clipped_ci95"] = json_interval(ci95.low, ci95.high);
    out["updates"] = clipped.size();
    return out;
}

}  // namespace

Result<AnalysisOutput> grad_norms(const AnalysisContext& context) {
    const auto& records = context.metrics;
    if (records.empty())
        return usage_error(context.folder.metrics_path() +
                           ": no update recorded yet; grad_norms needs a training curve");
    AnalysisOutput out;
    out.n = static_cast<int64_t>(records.size());
    out.result = norms_between(records, -INFINITY, INFINITY);
    out.used_against = context.against && !context.against->metrics.empty();
    if (out.used_against)
        out.result["against"] = norms_between(context.against->metrics, -INFINITY, INFINITY);
    AnalysisTable table{
        "", {"from", "to", "group", "median", "quartile_1", "quartile_3", "last"}, {}};
    for (const auto& group : kGroups)
        out.result["groups"][group.name]["last"] =
            json_number(static_cast<double>(records.back().*group.field));
    const auto add_rows = [&](double from, double to, const OrderedJson& groups) {
        for (const auto& [name, g] : groups.items()) {
            const auto text = [](const OrderedJson& x) {
                return x.is_number() ? csv_number(x.get<double>()) : std::string();
            };
            table.rows.push_back({csv_number(from), csv_number(to), name, text(g["median"]),
                                  text(g["quartiles"][0]), text(g["quartiles"][1]),
                                  g.contains("last") ? text(g["last"]) : ""});
        }
    };
    add_rows(static_cast<double>(records.front().step), static_cast<double>(records.back().step),
             out.result["groups"]);

    // Phases of the training loss, cut where its course changes.
    OrderedJson phases = OrderedJson::array();
    const auto columns = metric_columns(0);
    const auto loss = std::find_if(columns.begin(), columns.end(),
                                   [](const Column& c) { return c.name == "loss"; });
    double from = -INFINITY;
    const auto found = segments_of(records, *loss);
    for (size_t i = 0; i < found.pieces.size(); ++i) {
        const bool last = i + 1 == found.pieces.size();
        const double to = last ? INFINITY : std::floor(std::exp(found.changes[i].x));
        auto phase = norms_between(records, from, to);
        const double first =
            std::isfinite(from) ? from + 1 : static_cast<double>(records.front().step);
        const double end = last ? static_cast<double>(records.back().step) : to;
        phase["from"] = first;
        phase["to"] = end;
        phase["loss_at_from"] = json_number(found.pieces[i].at_begin);
        phase["loss_at_to"] = json_number(found.pieces[i].at_end);
        add_rows(first, end, phase["groups"]);
        phases.push_back(std::move(phase));
        from = to;
    }
    out.result["loss_phases"] = phases;
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
