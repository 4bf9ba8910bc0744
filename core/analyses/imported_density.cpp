// Analysis `density` of an imported model: how crowded are a router's rows, and by how much is a
// choice decided [def:density]?
#include <algorithm>
#include <cmath>

#include "core/analyses/imported_rows.h"
#include "core/analyses/recorded_choices.h"
#include "core/analyses/recorded_inputs.h"

namespace hopscope::core::analysis {
namespace {

Fields crowding(const Collinearity& c) {
    Fields out;
    out.number("nearest_angle_degrees", c.nearest_angle)
        .number("per_effective_dimension", c.per_dimension)
        .number("effective_rank", c.effective_rank);
    return out;
}

/// [tokens] lowest logit among the chosen − highest among the others; NaN where it is not known.
/// @param bias of the logits, [experts] or empty
std::vector<double> margins(const Recorded& one, const RecordedInputs& inputs,
                            const std::vector<float>& bias) {
    std::vector<double> out;
    for (int64_t t = 0; t < one.tokens; ++t) {
        out.push_back(NAN);
        const auto x = inputs.of(t);
        if (x.empty()) continue;
        const auto set = one.set(t);
        double lowest = INFINITY, highest = -INFINITY;
        for (int64_t e = 0; e < one.experts; ++e) {
            const double z =
                product(inputs.row(e), x) +
                (bias.empty() ? 0.0 : static_cast<double>(bias[static_cast<size_t>(e)]));
            const bool chosen =
                std::find(set.begin(), set.end(), static_cast<int32_t>(e)) != set.end();
            if (chosen) lowest = std::min(lowest, z);
            if (!chosen) highest = std::max(highest, z);
        }
        if (std::isfinite(highest)) out.back() = lowest - highest;
    }
    return out;
}

Result<AnalysisOutput> density(const ImportedContext& context) {
    const auto routers = recorded(context);
    AnalysisOutput out;
    const auto measure = [&](const ModelLayer& layer, const ModelRouter& router,
                             const ImportedRows& rows, Fields& entry) -> Status {
        const Fields stored = crowding(collinearity_of_rows(rows.stored, router.experts)),
                     folded = crowding(collinearity_of_rows(rows.folded, router.experts));
        add_object(entry, stored).flag("gain_found", rows.gain_found).object("folded", folded);
        const auto one = std::find_if(routers.begin(), routers.end(), [&](const Recorded& r) {
            return r.layer == layer.index && r.pool == router.pool;
        });
        const auto inputs = recorded_inputs(context, layer.index, router.pool);
        if (one != routers.end() && inputs) {
            const auto bias = context.run.bias(layer.index, router.pool);
            if (!bias) return bias.error();
            entry.estimate("margin", mean_over_tokens(margins(*one, *inputs, *bias), parts_of(*one),
                                                      context.seed));
        }
        Fields row;
        row.place("layer", layer.index).cell("router", router.pool);
        const Fields* both[] = {&stored, &folded};
        for (const Fields* numbers : both)
            for (const char* name :
                 {"nearest_angle_degrees", "per_effective_dimension", "effective_rank"})
                row.columns_of(*numbers, name,
                               (numbers == &folded ? "folded_" : "") + std::string(name));
        row.columns_of(entry, "margin", "margin");
        out.table().add(row);
        return {};
    };
    if (auto s = each_router(context, out, measure); !s) return s.error();
    return out;
}

}  // namespace

extern const ImportedAnalysis kImportedDensity{
    "density",
    Asks::rows,
    "mean angle of a router row to its nearest, and rows per effective dimension, of the rows as "
    "they are stored and folded [def:folded_rows]. margin, where traces hold what entered the "
    "router: lowest logit among the chosen - highest among the others, mean over tokens (negative "
    "where groups or a correction decide), 95 % bootstrap interval over texts, or stretches of "
    "neighbours where they are few [def:recorded_choices]. n: rows.",
    density,
    /*compares=*/false,
    /*pairs=*/true};

}  // namespace hopscope::core::analysis
