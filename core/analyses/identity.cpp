// Analysis `identity`: does an expert write what it reads [def:identity]?
#include <algorithm>
#include <cmath>

#include "core/analyses/measured.h"
#include "core/measure/router_geometry.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> identity(const AnalysisContext& context) {
    const auto cosines = read_write_cosines(context.measured->run().model.weights);
    AnalysisOutput out;
    out.n = static_cast<int64_t>(cosines.size());
    const auto share = [&](auto test) {
        return share_over(std::count_if(cosines.begin(), cosines.end(), test), out.n, "experts");
    };
    out.result.plain_estimate("mean", mean_over(cosines, "experts", context.seed, 2'000))
        .plain_estimate("share_abs_over_0_8", share([](double x) { return std::abs(x) > 0.8; }))
        .plain_estimate("share_abs_under_0_2", share([](double x) { return std::abs(x) < 0.2; }))
        .count("n", out.n);
    const auto experts = context.config.moe.experts;
    for (int64_t i = 0; i < out.n; ++i) {
        Fields row;
        row.place("layer", i / experts)
            .place("expert", i % experts)
            .cell("cosine", cosines[static_cast<size_t>(i)]);
        out.table().add(row);
    }
    return out;
}

}  // namespace

extern const Analysis kIdentity{
    "identity",
    {Need::model, Need::reading_experts},
    "cos(w_down, w_up) of each expert, mean over its ranks; shares of experts with |cos| > 0.8 and "
    "< 0.2. Intervals 95 %: bootstrap over experts of the mean, Clopper-Pearson of shares. n: "
    "experts.",
    identity};

}  // namespace hopscope::core::analysis
