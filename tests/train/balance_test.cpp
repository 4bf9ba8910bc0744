// Selection biases [def:loss_free] and online K-Means [def:kmeans_router]: if these fail, a
// balanced run is balanced by something else.
#include "core/train/balance.h"

#include <ATen/ops/zeros.h>
#include <algorithm>

#include "kernels/reference/reference.h"
#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Choices of a tiny K-Means or loss-free model in one training pass.
ForwardOut train_pass(const Model& model, const at::Tensor& ids) {
    ForwardOptions options;
    options.train = true;
    options.statistics = true;
    return forward(model, ids, options);
}

TEST(LossFree, TheBiasStepsByTheSignOfTheMissingLoad) {
    auto c = tiny();
    c.moe.balance = Balance::loss_free;
    auto model = initial_model(c, 3);
    const auto out = train_pass(model, some_ids(c, 2, 6));
    const auto& counts = out.stats[0].counts;
    CountedRouting counted;
    counted.add(c, out);
    counted.apply(model, {counts, out.stats[1].counts}, 0.5, {{}, {}});
    double mean = 0;
    for (const auto n : counts) mean += double(n) / double(counts.size());
    for (size_t e = 0; e < counts.size(); ++e) {
        const double missing = mean - double(counts[e]);
        const double sign = missing > 0 ? 1 : missing < 0 ? -1 : 0;
        EXPECT_NEAR(model.weights.layers[0].bias[int64_t(e)].item().toDouble(),
                    sign * c.moe.bias_rate, 1e-9);
    }
}

TEST(LossFree, ExpertsThatWaitCountForNothing) {
    // The open experts of the pool share what was chosen among them; what the others were chosen
    // before, and the other pool, must not move that mean.
    auto c = tiny();
    c.moe.balance = Balance::loss_free;
    c.moe.experts = 12;
    c.moe.hops = {2};
    c.moe.pools = Pools::unrolled;
    auto model = initial_model(c, 3);
    const std::vector<int64_t> counts = {9, 8, 6, 5, 7, 40, 1, 2, 3, 4, 5, 100};
    CountedRouting().apply(model, {counts, counts}, 0.5, {{true, true, {0, 5}}, {true, false, {}}});
    // Means: (8 + 6 + 5 + 7) / 4 = 6.5 and 115 / 6 = 19.2.
    const std::vector<double> signs = {0, -1, 1, 1, -1, 0, 1, 1, 1, 1, 1, -1};
    for (size_t e = 0; e < counts.size(); ++e) {
        EXPECT_NEAR(model.weights.layers[0].bias[int64_t(e)].item().toDouble(),
                    signs[e] * c.moe.bias_rate, 1e-9)
            << "expert " << e;
        EXPECT_EQ(model.weights.layers[1].bias[int64_t(e)].item().toDouble(), 0) << "expert " << e;
    }
}

TEST(LossFree, WithoutCountsTheBiasStays) {
    auto c = tiny();
    c.moe.balance = Balance::loss_free;
    auto model = initial_model(c, 3);
    CountedRouting().apply(model, {}, 0.5, {{}, {}});
    for (const auto& layer : model.weights.layers)
        EXPECT_EQ(layer.bias.abs().sum().item().toDouble(), 0);
}

TEST(KMeans, CentroidsMoveTowardsTheMeanOfTheirTokens) {
    for (const auto kind : {KMeans::spherical, KMeans::spherical_2, KMeans::plain}) {
        auto c = tiny();
        c.moe.router = RouterKind::kmeans;
        c.moe.kmeans = kind;
        c.moe.hops = {1};
        auto model = initial_model(c, 3);
        const auto before = model.weights.layers[0].centroids.clone();
        const auto out = train_pass(model, some_ids(c, 2, 6));
        ASSERT_EQ(out.assignments.size(), 2u) << word(kind);
        const auto& a = out.assignments[0][0];
        CountedRouting counted;
        counted.add(c, out);
        constexpr double kLr = 0.02;
        counted.apply(model, {out.stats[0].counts, out.stats[1].counts}, kLr, {{}, {}});
        for (int64_t e = 0; e < c.moe.experts; ++e)
            for (int64_t sub = 0; sub < (a.nearest.defined() ? 2 : 1); ++sub) {
                auto mean = at::zeros({c.moe.d_space});
                int64_t n = 0;
                for (int64_t t = 0; t < 12; ++t)
                    for (int64_t j = 0; j < c.moe.top_k; ++j) {
                        if (a.experts[t][j].item().toLong() != e) continue;
                        if (a.nearest.defined() && a.nearest[t][j].item().toLong() != sub) continue;
                        mean = mean + a.position[t];
                        ++n;
                    }
                const auto pick = [&](const at::Tensor& t) {
                    return a.nearest.defined() ? t[e][sub] : t[e];
                };
                const bool unit = kind != KMeans::plain;
                const auto norm = [&](const at::Tensor& t) {
                    return unit ? kernels::reference::l2norm(t) : t;
                };
                auto expected = norm(pick(before));
                if (n > 0)
                    expected = norm(expected + (norm(mean / double(n)) - expected) * 10 * kLr);
                EXPECT_LT(max_abs(pick(model.weights.layers[0].centroids), expected), 1e-5)
                    << word(kind) << " expert " << e << " with " << n << " choices";
            }
    }
}

TEST(KMeans, TheBiasPullsLoadTogether) {
    // Repeated over one batch: the most loaded expert must lose choices.
    auto c = tiny();
    c.moe.router = RouterKind::kmeans;
    c.moe.hops = {1};
    auto model = initial_model(c, 3);
    const auto ids = some_ids(c, 4, 8);
    const auto spread = [&] {
        const auto out = train_pass(model, ids);
        const auto& n = out.stats[0].counts;
        return *std::max_element(n.begin(), n.end()) - *std::min_element(n.begin(), n.end());
    };
    const auto start = spread();
    for (int i = 0; i < 60; ++i) {
        const auto out = train_pass(model, ids);
        CountedRouting counted;
        counted.apply(model, {out.stats[0].counts, out.stats[1].counts}, 0.02,
                      {{false, true, {}}, {false, true, {}}});
    }
    EXPECT_LT(spread(), start);
}

}  // namespace
