// The logit lens as a document: what each hop adds to the probability of the true next token
// (science.md B1).
#include <cmath>

#include "core/lab/analysis_json.h"
#include "core/lab/measured.h"
#include "core/measure/logit_lens.h"
#include "core/stats/bootstrap.h"

namespace hopscope::core::analysis {
namespace {

/// About 2,000 tokens: the head runs on each of them once a stage.
constexpr int64_t kLensBatches = 20, kLensTokens = 100;

/// after − before with the 95 % interval of the paired batches.
OrderedJson rise_json(const BatchMean& before, const BatchMean& after, uint64_t seed) {
    const auto ci =
        stats::bootstrap_paired(after.batches, before.batches, {10'000, seed}).interval(0.95);
    return {{"mean", json_number(after.mean() - before.mean())},
            {"ci95", json_interval(ci.low, ci.high)},
            {"relative", json_number(after.mean() / before.mean() - 1)}};
}

}  // namespace

Result<AnalysisOutput> logit_lens(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    const bool dense = run.config.model.ffn == "dense";
    auto source = context.measured->source(context.progress, kLensBatches);
    if (!source) return source.error();
    auto lens = core::logit_lens(run.config, run.weights, **source, kLensBatches, kLensTokens,
                                 context.seed, context.progress);
    if (!lens) return lens.error();
    AnalysisOutput out;
    out.n = lens->tokens;
    OrderedJson layers = OrderedJson::array();
    AnalysisTable table{
        "", {"layer", "stage", "p_target", "ci95_low", "ci95_high", "nll", "mean_rank"}, {}};
    for (size_t l = 0; l < lens->layers.size(); ++l) {
        const auto& stages = lens->layers[l];
        OrderedJson rows = OrderedJson::array(), rises = OrderedJson::array();
        for (size_t s = 0; s < stages.size(); ++s) {
            const auto p = with_interval(stages[s].p, context.seed);
            rows.push_back({{"stage", s == 0  ? "before"
                                      : dense ? "after the layer"
                                              : "after hop " + std::to_string(s - 1)},
                            {"p_target", p},
                            {"nll", with_interval(stages[s].nll, context.seed)},
                            {"rank", with_interval(stages[s].rank, context.seed)}});
            if (s > 0) rises.push_back(rise_json(stages[s - 1].p, stages[s].p, context.seed));
            const auto bound = [&](size_t i) {
                return p["ci95"][i].is_number() ? csv_number(p["ci95"][i].get<double>()) : "";
            };
            table.rows.push_back(
                {std::to_string(l), std::to_string(s), csv_number(stages[s].p.mean()), bound(0),
                 bound(1), csv_number(stages[s].nll.mean()), csv_number(stages[s].rank.mean())});
        }
        layers.push_back(
            {{"stages", rows},
             {"rise_per_hop", rises},
             {"rise", rise_json(stages.front().p, stages.back().p, context.seed)},
             {"rank_change", rise_json(stages.front().rank, stages.back().rank, context.seed)}});
    }
    out.result = {{"layers", layers}, {"batches", lens->batches}};
    out.tables.push_back(std::move(table));
    return out;
}

}  // namespace hopscope::core::analysis
