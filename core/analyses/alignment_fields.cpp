#include "core/analyses/alignment_fields.h"

#include "core/stats/bootstrap.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {

Estimate over_experts(const std::vector<double>& x, uint64_t seed) {
    return mean_over(x, "experts", seed, kCouplingResamples);
}

Estimate ratio_over_experts(const std::vector<double>& a, const std::vector<double>& b,
                            uint64_t seed) {
    if (a.empty() || a.size() != b.size()) return {stats::kNaN, {}, 0, "experts"};
    const auto ratio = [&](std::span<const int64_t> units) {
        double x = 0, y = 0;
        for (const int64_t u : units) {
            x += a[static_cast<size_t>(u)];
            y += b[static_cast<size_t>(u)];
        }
        return x / y;
    };
    const auto n = static_cast<int64_t>(a.size());
    const auto drawn = stats::bootstrap_statistic(n, ratio, {kCouplingResamples, seed});
    return {stats::mean(a) / stats::mean(b), drawn.interval(0.95), n, "experts"};
}

void add_alignment(Fields& to, const Alignment& a, uint64_t seed) {
    to.json("n", a.matched.size())
        .json("k", a.k)
        .number("matched", stats::mean(a.matched))
        .number("mismatched", stats::mean(a.mismatched))
        .number("random_baseline", a.baseline)
        .estimate("specificity", ratio_over_experts(a.matched, a.mismatched, seed))
        .estimate("cosine", over_experts(a.cosine, seed))
        .number("cosine_mismatched", stats::mean(a.cosine_mismatched))
        .number("energy", stats::mean(a.energy))
        .number("top1_share", stats::mean(a.top1))
        .number("top10_share", stats::mean(a.top10));
}

void join(Alignment& all, const Alignment& part) {
    all.matrix = part.matrix;
    all.k = part.k;
    all.baseline = part.baseline;
    for (auto list :
         {&Alignment::matched, &Alignment::mismatched, &Alignment::cosine,
          &Alignment::cosine_mismatched, &Alignment::energy, &Alignment::top1, &Alignment::top10})
        (all.*list).insert((all.*list).end(), (part.*list).begin(), (part.*list).end());
}

}  // namespace hopscope::core::analysis
