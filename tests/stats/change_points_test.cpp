// Change points and crossings of curves whose truth is known.
#include "core/stats/change_points.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "core/stats/crossings.h"

namespace hopscope::core::stats {
namespace {

/// ln(step) of 1 … steps.
std::vector<double> log_steps(int steps) {
    std::vector<double> x;
    for (int s = 1; s <= steps; ++s) x.push_back(std::log(s));
    return x;
}

template <class Truth>
std::vector<double> noisy(const std::vector<double>& x, double noise, unsigned seed,
                          Truth&& truth) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(0, noise);
    std::vector<double> y;
    for (const double at : x) y.push_back(truth(at) + normal(random));
    return y;
}

TEST(ChangePoints, PureNoiseHasNone) {
    // Falsely named phases: at most 5 % of noise curves, level or falling in one line.
    const auto x = log_steps(2000);
    for (const PieceShape shape : {PieceShape::line, PieceShape::level}) {
        int wrong = 0;
        double sigma = 0;
        for (unsigned seed = 0; seed < 100; ++seed) {
            const double slope = shape == PieceShape::line && seed % 2 ? -0.7 : 0;
            const auto y = noisy(x, 0.1, seed, [&](double at) { return 5 + slope * at; });
            const auto found = find_change_points(x, y, {.shape = shape});
            EXPECT_NEAR(found.sigma, 0.1, 0.04);
            sigma += found.sigma / 100;
            wrong += !found.changes.empty();
        }
        EXPECT_LE(wrong, 5) << "shape " << static_cast<int>(shape);
        EXPECT_NEAR(sigma, 0.1, 0.01);
    }
}

TEST(ChangePoints, KinksOfALossCurveAreFoundWhereTheyAre) {
    // Fast fall to step 100, slow fall to step 2,000, then flat.
    const auto x = log_steps(8000);
    const auto truth = [](double at) {
        return 8 - 0.9 * at + 0.6 * std::max(0.0, at - std::log(100)) +
               0.3 * std::max(0.0, at - std::log(2000));
    };
    int covered = 0, covered_late = 0, jumps = 0;
    constexpr int kCurves = 40;
    for (unsigned seed = 0; seed < kCurves; ++seed) {
        const auto found = find_change_points(x, noisy(x, 0.05, seed, truth), {});
        ASSERT_EQ(found.changes.size(), 2u) << "seed " << seed;
        EXPECT_NEAR(found.changes[0].x, std::log(100), 0.15);
        EXPECT_NEAR(found.changes[1].x, std::log(2000), 0.15);
        covered += found.changes[0].ci95.contains(std::log(100));
        covered_late += found.changes[1].ci95.contains(std::log(2000));
        jumps += found.changes[0].jump + found.changes[1].jump;
        EXPECT_GT(found.changes[0].gain, 10);
        ASSERT_EQ(found.pieces.size(), 3u);
        EXPECT_NEAR(found.pieces[1].slope, -0.3, 0.02);
        EXPECT_NEAR(found.pieces[2].slope, 0, 5 * found.pieces[2].slope_error + 0.01);
    }
    // Nominal 95 %; below 34 of 40 the interval would promise too much (probability 1.4 %).
    EXPECT_GE(covered, 34);
    EXPECT_GE(covered_late, 34);
    // A jump costs ln(bins) more than a kink; noise pays that in some 5 % of 80 changes.
    EXPECT_LE(jumps, 8);
}

// Wrong if a kink between two others stays where the coarse search found it, as a jump.
TEST(ChangePoints, TheMiddleOfThreeKinksIsMovedToo) {
    const auto x = log_steps(3000);
    const double a = std::log(20), b = std::log(150), c = std::log(1000);
    const auto truth = [&](double at) {
        return 8 - 1.2 * at + 1.1 * std::max(0.0, at - a) - 0.8 * std::max(0.0, at - b) +
               0.9 * std::max(0.0, at - c);
    };
    int three = 0, kinks = 0;
    constexpr int kCurves = 12;
    for (unsigned seed = 0; seed < kCurves; ++seed) {
        const auto found = find_change_points(x, noisy(x, 0.02, seed, truth), {});
        if (found.changes.size() != 3) continue;
        ++three;
        EXPECT_NEAR(found.changes[1].x, b, 0.1) << "seed " << seed;
        kinks += !found.changes[1].jump;
    }
    EXPECT_GE(three, 9);
    EXPECT_GE(kinks, three - 2);
}

TEST(ChangePoints, JumpsOfARoutingStatisticAreFoundWithTheirLevels) {
    const auto x = log_steps(3000);
    const auto truth = [](double at) {
        return at < std::log(50) ? 0.2 : (at < std::log(900) ? 0.5 : 0.45);
    };
    int covered = 0;
    constexpr int kCurves = 40;
    for (unsigned seed = 0; seed < kCurves; ++seed) {
        const auto found =
            find_change_points(x, noisy(x, 0.05, seed, truth), {.shape = PieceShape::level});
        ASSERT_EQ(found.changes.size(), 2u) << "seed " << seed;
        EXPECT_NEAR(found.changes[0].x, std::log(50), 0.1);
        EXPECT_NEAR(found.changes[1].x, std::log(900), 0.1);
        covered += found.changes[1].ci95.contains(std::log(900));
        EXPECT_NEAR(found.pieces[0].at_begin, 0.2, 0.03);
        EXPECT_NEAR(found.pieces[2].at_end, 0.45, 0.01);
        EXPECT_EQ(found.pieces[1].slope, 0);
    }
    EXPECT_GE(covered, 34);
}

TEST(ChangePoints, APieceMayBeShortButNotABump) {
    // Wrong if a short phase of a run is passed over, or every bump is called one.
    const auto x = log_steps(3000);
    for (const double length : {0.25, 0.05}) {
        const auto truth = [=](double at) { return at > 7 && at < 7 + length ? 1.0 : 0.0; };
        const auto found =
            find_change_points(x, noisy(x, 0.05, 4, truth), {.shape = PieceShape::level});
        ASSERT_EQ(found.changes.size(), 2u);
        EXPECT_GE(found.changes[1].x - found.changes[0].x, 0.15 - 1e-9);
        if (length < 0.15) continue;
        EXPECT_NEAR(found.changes[0].x, 7, 0.04);
        EXPECT_NEAR(found.changes[1].x, 7 + length, 0.04);
    }
}

TEST(ChangePoints, SlowNoiseIsSeldomTakenForAChange) {
    // Training statistics drift: neighbours correlate by 0.5. Not what the model assumes.
    const auto x = log_steps(2000);
    int wrong = 0;
    for (unsigned seed = 0; seed < 100; ++seed) {
        auto y = noisy(x, 0.1, seed, [](double) { return 0.0; });
        for (size_t i = 1; i < y.size(); ++i) y[i] += 0.5 * y[i - 1];
        wrong += !find_change_points(x, y, {}).changes.empty();
    }
    RecordProperty("wrong", wrong);
    EXPECT_LE(wrong, 10);
}

TEST(ChangePoints, AJumpBetweenLinesIsAJump) {
    const auto x = log_steps(3000);
    const auto y = noisy(x, 0.05, 3, [](double at) { return 4 - 0.3 * at + (at > 6 ? 0.8 : 0); });
    const auto found = find_change_points(x, y, {});
    ASSERT_EQ(found.changes.size(), 1u);
    EXPECT_TRUE(found.changes[0].jump);
    EXPECT_NEAR(found.changes[0].x, 6, 0.05);
    EXPECT_NEAR(found.pieces[1].at_begin - found.pieces[0].at_end, 0.8, 0.05);
}

TEST(ChangePoints, OddInputs) {
    // Too few points, equal places, missing values, no noise at all.
    EXPECT_TRUE(find_change_points({}, {}, {}).pieces.empty());
    const std::vector<double> same(50, 1.0), x = log_steps(50);
    EXPECT_TRUE(find_change_points(same, same, {}).pieces.empty());
    EXPECT_TRUE(find_change_points(x, same, {}).changes.empty());
    std::vector<double> y = same;
    y[3] = NAN;
    EXPECT_EQ(find_change_points(x, y, {}).n, 49);
    std::vector<double> exact;
    for (const double at : log_steps(500)) exact.push_back(at < 4 ? -at : -4);
    const auto found = find_change_points(log_steps(500), exact, {});
    ASSERT_GE(found.changes.size(), 1u);
    EXPECT_TRUE(std::isfinite(found.criterion));
}

TEST(Crossings, AllAreFoundWithTheirSteps) {
    // Deep falls below Dense at step 100 and rises above it again at step 1,000.
    const auto x = log_steps(5000);
    const auto zero = [](double) { return 0.0; };
    const auto gap = [](double at) { return 0.1 * (at - std::log(100)) * (at - std::log(1000)); };
    const auto a = noisy(x, 0.02, 1, gap), b = noisy(x, 0.02, 2, zero);
    const auto found = find_crossings(x, a, x, b, {});
    ASSERT_EQ(found.crossings.size(), 2u);
    EXPECT_NEAR(found.crossings[0].x, std::log(100), 0.1);
    EXPECT_NEAR(found.crossings[1].x, std::log(1000), 0.1);
    EXPECT_TRUE(found.crossings[0].a_below_after);
    EXPECT_FALSE(found.crossings[1].a_below_after);
    for (const Crossing& crossing : found.crossings) {
        EXPECT_TRUE(crossing.clear);
        EXPECT_TRUE(crossing.ci95.contains(crossing.x));
    }
}

TEST(Crossings, NoiseAloneCrossesOftenButNeverClearly) {
    // Reported, since they are there, but marked: nobody leads.
    const auto x = log_steps(2000);
    int clear = 0, all = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
        const auto flat = [](double) { return 3.0; };
        const auto found = find_crossings(x, noisy(x, 0.1, 2 * seed, flat), x,
                                          noisy(x, 0.1, 2 * seed + 1, flat), {});
        for (const Crossing& crossing : found.crossings) clear += crossing.clear;
        all += static_cast<int>(found.crossings.size());
    }
    EXPECT_GT(all, 20);
    EXPECT_LT(clear, all / 5);
}

TEST(Crossings, UnsmoothedCurvesCrossExactly) {
    const std::vector<double> x{0, 1, 2, 3}, a{0, 1, 0, 1}, b{0.5, 0.5, 0.5, 0.5};
    const auto found = find_crossings(x, a, x, b, {.bandwidth = 0});
    ASSERT_EQ(found.crossings.size(), 3u);
    EXPECT_DOUBLE_EQ(found.crossings[0].x, 0.5);
    EXPECT_DOUBLE_EQ(found.crossings[1].x, 1.5);
    EXPECT_DOUBLE_EQ(found.crossings[2].x, 2.5);
    // Touching is not crossing; curves apart in x share nothing.
    const std::vector<double> touching{1, 0.5, 1, 1}, later{10, 11, 12, 13};
    EXPECT_TRUE(find_crossings(x, touching, x, b, {.bandwidth = 0}).crossings.empty());
    EXPECT_TRUE(find_crossings(x, a, later, b, {}).crossings.empty());
    EXPECT_TRUE(find_crossings({}, {}, x, b, {}).crossings.empty());
}

}  // namespace
}  // namespace hopscope::core::stats
