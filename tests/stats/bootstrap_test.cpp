// Bootstrap intervals against an independent NumPy bootstrap within Monte-Carlo error, and the
// decisions that rest on them.
#include "core/stats/bootstrap.h"

#include "core/stats/descriptive.h"
#include "tests/stats/reference.h"

namespace hopscope::core::stats::testing {
namespace {

/// Standard error of a tail quantile of B resamples of a nearly normal statistic with standard
/// deviation `error`: √(q (1 − q) / B) / density; both bootstraps draw.
double quantile_error(double error, double q) {
    const double z = q == 0.05 ? 1.6449 : 1.9600;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI) / error;
    return std::sqrt(q * (1 - q) * (1 / 10'000.0 + 1 / 40'000.0)) / density;
}

void near(const Bootstrap& found, const Json& expected, const char* what) {
    const double error = expected["error"].get<double>();
    // 4.5 standard errors: 480 comparisons with fixed seeds, so a fault shows and chance does not.
    const auto check = [&](const Interval& interval, const Json& there, double q) {
        const double slack = 4.5 * quantile_error(error, q);
        EXPECT_NEAR(interval.low, there[0].get<double>(), slack) << what;
        EXPECT_NEAR(interval.high, there[1].get<double>(), slack) << what;
    };
    check(found.interval(0.90), expected["ci90"], 0.05);
    check(found.interval(0.95), expected["ci95"], 0.025);
}

void near_share(double found, double there, const char* what) {
    const double q = std::clamp(there, 1e-3, 1 - 1e-3);
    EXPECT_NEAR(found, there, 5 * std::sqrt(q * (1 - q) * (1 / 10'000.0 + 1 / 40'000.0)) + 3e-4)
        << what;
}

TEST(Bootstrap, IntervalsAgreeWithAnIndependentBootstrap) {
    int equivalent = 0, count = 0;
    for (const Json& set : sets("bootstrap")) {
        const auto a = array(set["a"]), b = array(set["b"]);
        std::vector<double> x;
        for (size_t i = 0; i < a.size(); ++i) x.push_back(a[i] - b[i]);
        const auto paired = bootstrap_paired(a, b, {});
        same(paired.estimate, set["mean"], "mean");
        near(paired, set["paired"], "paired");
        near(bootstrap_blocks(x, 5, {}), set["block5"], "blocks of 5");
        near(bootstrap_blocks(x, 10, {}), set["block10"], "blocks of 10");
        near(bootstrap_unpaired(a, b, {}), set["unpaired"], "unpaired");
        const auto seeds = set["seeds"].get<SeedLosses>();
        near(bootstrap_hierarchical({seeds.begin(), seeds.begin() + 3},
                                    {seeds.begin() + 3, seeds.end()}, true, {}),
             set["hierarchical"], "hierarchical");
        const auto tost = bootstrap_tost(paired, set["margin"].get<double>());
        near_share(tost.p, set["p"].get<double>(), "p");
        // Twice a share has twice its error.
        near_share(tost.p_difference / 2, set["p_difference"].get<double>() / 2, "p of difference");
        // Power also moves with the drawn ends of the interval.
        EXPECT_NEAR(tost.power, set["power"].get<double>(), 0.03);
        equivalent += tost.equivalent;
        ++count;
    }
    // Both verdicts occur.
    EXPECT_GT(equivalent, 2);
    EXPECT_LT(equivalent, count - 2);
}

TEST(Bootstrap, SameSeedSameBitsOtherSeedOtherBits) {
    const std::vector<double> x{0.1, -0.2, 0.3, 0.05, 0.15};
    EXPECT_EQ(bootstrap_mean(x, {1000, 7}).values, bootstrap_mean(x, {1000, 7}).values);
    EXPECT_NE(bootstrap_mean(x, {1000, 7}).values, bootstrap_mean(x, {1000, 8}).values);
}

TEST(Bootstrap, TooLittleToDrawFromIsNeverEquivalent) {
    // A single batch would otherwise have an interval of width 0.
    const std::vector<double> one{0.001}, broken{0.1, NAN, 0.2};
    for (const auto& x : {one, broken, std::vector<double>{}}) {
        const auto tost = bootstrap_tost(bootstrap_mean(x, {}), 1.0);
        EXPECT_FALSE(tost.equivalent);
        EXPECT_TRUE(std::isnan(tost.p) && std::isnan(tost.ci90.low) && std::isnan(tost.power));
    }
    const std::vector<double> six{1, 2, 3, 4, 5, 6};
    EXPECT_TRUE(bootstrap_blocks(six, 4, {}).values.empty());
    EXPECT_FALSE(bootstrap_blocks(six, 3, {}).values.empty());
    EXPECT_TRUE(bootstrap_hierarchical({six}, {six, six}, true, {}).values.empty());
}

TEST(Bootstrap, TheMarginIsClosedAndUnrounded) {
    // −0.030 touching the bound passes, −0.0300001 printed as −0.030 does not.
    EXPECT_TRUE((Interval{-0.03, 0.01}).within(0.03));
    EXPECT_FALSE((Interval{-0.0300001, 0.01}).within(0.03));
    EXPECT_FALSE(Interval{}.within(0.03));
    // Every difference equals the margin: the interval is the bound itself.
    const std::vector<double> x(10, 0.25);
    EXPECT_TRUE(bootstrap_tost(bootstrap_mean(x, {}), 0.25).equivalent);
    EXPECT_FALSE(bootstrap_tost(bootstrap_mean(x, {}), std::nextafter(0.25, 0.0)).equivalent);
}

TEST(Bootstrap, AnyStatisticCanBeResampled) {
    const std::vector<double> x{3, 1, 4, 1, 5, 9, 2, 6};
    const auto found = bootstrap_statistic(8,
                                           [&](std::span<const int64_t> drawn) {
                                               std::vector<double> y;
                                               for (const int64_t i : drawn)
                                                   y.push_back(x[static_cast<size_t>(i)]);
                                               return median(y);
                                           },
                                           {2000, 3});
    EXPECT_EQ(found.estimate, 3.5);
    EXPECT_TRUE(found.interval(0.95).contains(3.5));
    EXPECT_GE(found.values.front(), 1);
    EXPECT_LE(found.values.back(), 9);
}

/// Texts of one length: the mean of their shares. Of others a long text counts for more.
TEST(Bootstrap, RatiosWeighUnitsByTheirCounts) {
    const std::vector<double> x{1, 3, 2, 5, 4}, ones(5, 1), sums{1, 9, 0}, counts{2, 10, 3};
    const auto even = bootstrap_ratio({x, ones}, {1000, 7}), mean = bootstrap_mean(x, {1000, 7});
    EXPECT_EQ(even.estimate, mean.estimate);
    EXPECT_EQ(even.values, mean.values);
    const auto found = bootstrap_ratio({sums, counts}, {1000, 7});
    EXPECT_DOUBLE_EQ(found.estimate, 10.0 / 15);
    EXPECT_EQ(found.values.front(), 0) << "the third unit three times";
    EXPECT_DOUBLE_EQ(found.values.back(), 0.9) << "the second three times";
    const auto apart = bootstrap_ratio_difference({sums, counts}, {x, ones}, {1000, 7});
    EXPECT_DOUBLE_EQ(apart.estimate, 10.0 / 15 - 3);
    EXPECT_LT(apart.interval(0.95).low, apart.estimate);
    EXPECT_GT(apart.interval(0.95).high, apart.estimate);
    EXPECT_TRUE(bootstrap_ratio({{sums.data(), 1}, {counts.data(), 1}}, {}).values.empty());
    EXPECT_THROW(bootstrap_ratio({x, counts}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace hopscope::core::stats::testing
