// Everything deterministic in core/stats against independent libraries: a failure means that a
// formula, its degrees of freedom, its treatment of ties or its tail is wrong.
#include "tests/stats/reference.h"

#include "core/stats/descriptive.h"
#include "core/stats/distributions.h"
#include "core/stats/mean_tests.h"
#include "core/stats/multiple.h"
#include "core/stats/permutation.h"
#include "core/stats/proportions.h"
#include "core/stats/rank_tests.h"
#include "core/stats/silhouette.h"

namespace hopscope::core::stats::testing {
namespace {

TEST(Reference, SummariesEqualNumPyAndSciPy) {
    for (const Json& set : sets("descriptive")) {
        const auto x = array(set["x"]), counts = array(set["counts"]);
        same(mean(x), set["mean"], "mean");
        same(sample_std(x), set["std"], "std");
        same(coefficient_of_variation(x), set["cv"], "cv");
        std::vector<double> quantiles, whole;
        for (const double p : array(set["probabilities"])) quantiles.push_back(quantile(x, p));
        same(quantiles, set["quantiles"], "quantiles");
        for (const double v : x) whole.push_back(std::nearbyint(v));
        same(ranks(whole), set["ranks"], "ranks with ties");
        same(gini(counts), set["gini"], "gini");
        same(entropy(counts), set["entropy"], "entropy");
        same(effective_number(counts), set["effective_number"], "effective number");
        same(effective_rank(array(set["singular"])), set["effective_rank"], "effective rank");
    }
}

TEST(Reference, DistributionsEqualSciPy) {
    for (const Json& set : sets("distributions")) {
        const auto at = [&](const char* key) { return set[key].get<double>(); };
        same(normal_cdf(at("t")), set["normal_cdf"], "normal cdf");
        same(normal_quantile(at("p")), set["normal_quantile"], "normal quantile");
        same(t_cdf(at("t"), at("df")), set["t_cdf"], "t cdf");
        same(t_quantile(at("p"), at("df")), set["t_quantile"], "t quantile");
        same(chi_square_pdf(at("chi"), at("df")), set["chi_square_pdf"], "chi-square density");
        same(beta_quantile(at("p"), at("a"), at("b")), set["beta_quantile"], "beta quantile");
        same(binomial_cdf(integer(set["k"]), integer(set["n"]), at("p")), set["binomial_cdf"],
             "binomial cdf");
    }
}

void same_test(const MeanDifference& found, const Json& expected, double margin) {
    same(found.t, expected["t"], "t");
    same(found.df, expected["df"], "df");
    same(found.p, expected["p"], "p");
    same(found.interval(0.95), expected["ci95"], "95 % interval");
    const auto tost = t_tost(found, margin);
    same(tost.p, expected["tost_p"], "TOST p");
    same(tost.p_low, expected["p_low"], "lower p");
    same(tost.p_high, expected["p_high"], "upper p");
    same(tost.ci90, expected["ci90"], "90 % interval");
    // The rule by the interval and the rule by p are one rule.
    EXPECT_EQ(tost.equivalent, tost.p <= 0.05);
}

TEST(Reference, WelchAndPairedTestsEqualSciPyAndStatsmodels) {
    for (const Json& set : sets("means")) {
        const auto a = array(set["a"]), b = array(set["b"]), c = array(set["c"]);
        const double margin = set["margin"].get<double>();
        same_test(welch(summarise(a), summarise(c)), set["welch"], margin);
        std::vector<double> difference;
        for (size_t i = 0; i < a.size(); ++i) difference.push_back(a[i] - b[i]);
        const auto paired = one_sample(summarise(difference));
        same_test(paired, set["paired"], margin);
        EXPECT_NEAR(t_tost(paired, margin).power, set["paired"]["power"].get<double>(), 1e-7);
    }
}

TEST(Proportions, FewItemsWithoutADiscordantPairProveNothing) {
    // Wrong if two models that agreed on six items were called equivalent within two points.
    const auto few = paired_proportions_tost(0, 0, 6, 0.02);
    EXPECT_FALSE(few.equivalent);
    EXPECT_NEAR(few.ci90.high, 1 - std::pow(0.05, 1.0 / 6), 1e-15);
    EXPECT_DOUBLE_EQ(few.ci90.low, -few.ci90.high);
    EXPECT_NEAR(few.p, std::pow(0.98, 6), 1e-15);
    const auto many = paired_proportions_tost(0, 0, 1000, 0.02);
    EXPECT_TRUE(many.equivalent);
    EXPECT_LT(many.p, 0.05);
    // p < 0.05 and the interval agree on both sides of the bound: 0.98^n = 0.05 at n = 148.3.
    for (const int64_t n : {148, 149}) {
        const auto tost = paired_proportions_tost(0, 0, n, 0.02);
        EXPECT_EQ(tost.equivalent, tost.p < 0.05) << n;
        EXPECT_EQ(tost.equivalent, n == 149);
    }
}

TEST(Reference, TestsOfCountsEqualSciPyAndStatsmodels) {
    for (const Json& set : sets("proportions")) {
        const int64_t only_a = integer(set["only_a"]), only_b = integer(set["only_b"]);
        same(mcnemar(only_a, only_b).p, set["mcnemar"], "McNemar");
        const auto tost =
            paired_proportions_tost(only_a, only_b, integer(set["n"]), set["margin"].get<double>());
        same(tost.difference, set["tost"]["difference"], "difference");
        same(tost.p, set["tost"]["p"], "TOST p");
        same(tost.ci90, set["tost"]["ci90"], "90 % interval");
        same(tost.ci95, set["tost"]["ci95"], "95 % interval");
        const Table2 table{integer(set["table"][0][0]), integer(set["table"][0][1]),
                           integer(set["table"][1][0]), integer(set["table"][1][1])};
        same(fisher_exact(table), set["fisher"], "Fisher");
        same(odds_ratio(table).ratio, set["odds"], "odds ratio");
        same(odds_ratio(table).ci95, set["odds_ci95"], "odds ratio interval");
        const auto signs = sign_test(only_a, only_b);
        same(signs.p, set["sign"]["p"], "sign test");
        same(signs.ci95, set["sign"]["ci95"], "Clopper–Pearson");
    }
}

TEST(Reference, CorrelationsEqualSciPyWithAndWithoutTies) {
    for (const Json& set : sets("ranks")) {
        const auto x = array(set["x"]), y = array(set["y"]);
        same(spearman(x, y).r, set["spearman"]["r"], "Spearman");
        same(spearman(x, y).p, set["spearman"]["p"], "Spearman p");
    }
}

TEST(Reference, CorrectionsForManyTestsEqualStatsmodels) {
    for (const Json& set : sets("multiple")) {
        const auto p = array(set["p"]);
        same(benjamini_hochberg(p), set["benjamini_hochberg"], "Benjamini–Hochberg");
    }
}

/// SciPy counted all arrangements of the small sets and drew 40,000 of the large ones.
TEST(Reference, PermutationTestsEqualSciPy) {
    for (const Json& set : sets("permutation")) {
        auto values = array(set["a"]);
        std::vector<int32_t> labels(values.size(), 0);
        for (const double x : array(set["b"])) {
            values.push_back(x);
            labels.push_back(1);
        }
        const auto found = permute_labels(labels,
                                          [&](std::span<const int32_t> group) {
                                              double sums[2] = {0, 0}, counts[2] = {0, 0};
                                              for (size_t i = 0; i < values.size(); ++i) {
                                                  sums[group[i]] += values[i];
                                                  ++counts[group[i]];
                                              }
                                              return sums[0] / counts[0] - sums[1] / counts[1];
                                          },
                                          {});
        const auto check = [&](double p, const char* alternative) {
            const double q = set[std::string("groups_") + alternative].get<double>();
            const double error = std::sqrt(q * (1 - q) * (1 / 10'000.0 + 1 / 40'000.0));
            EXPECT_NEAR(p, q, 4 * error + 2e-4) << alternative;
        };
        check(found.p_greater, "greater");
        check(found.p_less, "less");
    }
}

TEST(Reference, SilhouetteEqualsScikitLearn) {
    for (const Json& set : sets("silhouettes")) {
        std::vector<double> data;
        for (const Json& row : set["x"])
            for (const Json& value : row) data.push_back(value.get<double>());
        const auto labels = set["labels"].get<std::vector<int32_t>>();
        const auto count = static_cast<int64_t>(labels.size());
        const Points p = points(data, count, static_cast<int64_t>(set["x"][0].size()));
        for (const auto& [metric, name] :
             {std::pair{Metric::euclidean, "euclidean"}, std::pair{Metric::cosine, "cosine"}}) {
            const auto found = silhouette(p, labels, metric);
            same(found.mean, set[name]["mean"], name);
            same(found.values, set[name]["values"], name);
        }
    }
}

}  // namespace
}  // namespace hopscope::core::stats::testing
