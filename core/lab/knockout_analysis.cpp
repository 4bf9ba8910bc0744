// The analysis `hop_knockout`: two maps of what the model loses, where a hop writes nothing and
// where a token's first-ranked expert does (science.md E21, B6).
#include <algorithm>

#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/measure/knockout.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// One pass for each trial and batch: fewer batches than the other analyses look at.
constexpr int64_t kBatches = 5;

/// A hop counts where its removal costs a tenth or more of the dearest one; trailing hops below
/// that are dropped (the paper chose its vector from such a map, its rule is not printed).
constexpr double kShare = 0.1;

std::vector<std::string> row_of(size_t layer, const std::string& hop, const std::string& rank,
                                const KnockoutEffect& effect, uint64_t seed) {
    const auto ci = stats::bootstrap_mean(effect.kl.batches, {10'000, seed}).interval(0.95);
    std::vector<std::string> row = {std::to_string(layer), hop};
    if (!rank.empty()) row.push_back(rank);
    for (const double x : {effect.kl.mean(), ci.low, ci.high, effect.largest})
        row.push_back(csv_number(x));
    row.push_back(std::to_string(effect.kl.batches.size()));
    return row;
}

OrderedJson with_largest(const KnockoutEffect& effect, uint64_t seed) {
    auto out = with_interval(effect.kl, seed);
    out["largest"] = json_number(effect.largest);
    return out;
}

/// First-ranked − second-ranked, batch by batch: what sets the top expert apart from a chosen one.
OrderedJson beyond_second(const ExpertKnockout& layer, uint64_t seed) {
    auto difference = layer.all.kl;
    for (size_t i = 0; i < difference.batches.size(); ++i)
        difference.batches[i] -= layer.second.kl.batches[i];
    return with_interval(difference, seed);
}

Status add_experts(AnalysisOutput& out, const AnalysisContext& context, const BatchSource& source) {
    const auto& run = context.measured->run();
    auto map = expert_knockout(run.config, run.weights, source, kBatches, context.progress);
    if (!map) return map.error();
    const uint64_t seed = context.seed;
    OrderedJson per_layer = OrderedJson::array(), intervals = OrderedJson::array(),
                by_hop = OrderedJson::array(), second = OrderedJson::array(),
                second_intervals = OrderedJson::array(), difference = OrderedJson::array();
    AnalysisTable table{
        "experts",
        {"layer", "hop", "rank", "kl", "ci95_low", "ci95_high", "largest", "batches"},
        {}};
    for (size_t l = 0; l < map->size(); ++l) {
        const ExpertKnockout& layer = (*map)[l];
        per_layer.push_back(json_number(layer.all.kl.mean()));
        intervals.push_back(with_largest(layer.all, seed));
        table.rows.push_back(row_of(l, "", "1", layer.all, seed));
        OrderedJson hops = OrderedJson::array();
        for (size_t h = 0; h < layer.hops.size(); ++h) {
            hops.push_back(with_largest(layer.hops[h], seed));
            table.rows.push_back(row_of(l, std::to_string(h), "1", layer.hops[h], seed));
        }
        by_hop.push_back(std::move(hops));
        if (layer.second.kl.batches.empty()) continue;
        second.push_back(json_number(layer.second.kl.mean()));
        second_intervals.push_back(with_largest(layer.second, seed));
        difference.push_back(beyond_second(layer, seed));
        table.rows.push_back(row_of(l, "", "2", layer.second, seed));
    }
    auto& experts = out.result["experts"];
    experts = {{"n", out.n},
               {"per_layer", std::move(per_layer)},
               {"intervals", std::move(intervals)},
               {"per_hop", std::move(by_hop)}};
    if (second.empty())
        experts["control"] = {{"reason", "one expert is chosen: there is no second-ranked one"}};
    else
        experts["control"] = {{"per_layer", std::move(second)},
                              {"intervals", std::move(second_intervals)},
                              {"difference", std::move(difference)}};
    out.tables.push_back(std::move(table));
    return {};
}

}  // namespace

Result<AnalysisOutput> hop_knockout(const AnalysisContext& context) {
    auto source = context.measured->source(context.progress, kBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    auto map = core::hop_knockout(run.config, run.weights, **source, kBatches, context.progress);
    if (!map) return map.error();
    AnalysisOutput out;
    OrderedJson layers = OrderedJson::array(), intervals = OrderedJson::array(),
                proposed = OrderedJson::array();
    AnalysisTable table{
        "", {"layer", "hop", "kl", "ci95_low", "ci95_high", "largest", "batches"}, {}};
    double dearest = 0;
    for (const auto& layer : *map)
        for (const auto& hop : layer) dearest = std::max(dearest, hop.kl.mean());
    for (size_t l = 0; l < map->size(); ++l) {
        OrderedJson row = OrderedJson::array(), ci = OrderedJson::array();
        size_t keep = 1;
        for (size_t h = 0; h < (*map)[l].size(); ++h) {
            const KnockoutEffect& hop = (*map)[l][h];
            out.n = static_cast<int64_t>(hop.kl.batches.size());
            row.push_back(json_number(hop.kl.mean()));
            ci.push_back(with_largest(hop, context.seed));
            if (hop.kl.mean() >= kShare * dearest) keep = h + 1;
            table.rows.push_back(row_of(l, std::to_string(h), "", hop, context.seed));
        }
        layers.push_back(std::move(row));
        intervals.push_back(std::move(ci));
        proposed.push_back(keep);
    }
    out.result = {{"per_layer", layers}, {"intervals", intervals}, {"proposed_hops", proposed}};
    out.tables.push_back(std::move(table));
    if (auto s = add_experts(out, context, **source); !s) return s.error();
    return out;
}

}  // namespace hopscope::core::analysis
