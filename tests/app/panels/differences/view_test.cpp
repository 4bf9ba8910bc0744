// The rows of the forest plot and the square of equivalence, computed without a window.
#include "app/panels/differences/view.h"

#include <gtest/gtest.h>

#include "app/panels/equivalence/view.h"
#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

core::Comparison made_up_comparison() {
    return gui_test::fake_comparison(
        {"r/wide-42", "r/wide-7", "r/linear-42", "r/linear-7", "r/deep-1"});
}

// Wrong if an interval were not turned with its difference, a pair stood twice or not at all, or
// the rows were not in order.
TEST(DifferenceRows, EveryPairOrAgainstTheReference) {
    const core::Comparison comparison = made_up_comparison();
    const auto all = difference_rows(comparison, 0.03, {});
    ASSERT_EQ(all.size(), 3u);
    for (size_t i = 0; i < all.size(); ++i) {
        EXPECT_LE(all[i].mean, 0) << "the better less the worse";
        EXPECT_LT(all[i].low95, all[i].low90);
        EXPECT_LT(all[i].low90, all[i].mean);
        EXPECT_LT(all[i].mean, all[i].high90);
        EXPECT_LT(all[i].high90, all[i].high95);
        if (i > 0) {
            EXPECT_LE(all[i - 1].mean, all[i].mean);
        }
    }
    const auto to_linear = difference_rows(comparison, 0.03, 1);
    ASSERT_EQ(to_linear.size(), 2u);
    for (const DifferenceRow& row : to_linear) {
        EXPECT_EQ(row.b, 1u);
        EXPECT_GT(row.mean, 0) << "linear is the best";
    }
    EXPECT_EQ(to_linear[1].seeds_a, 1);
    EXPECT_EQ(to_linear[1].seeds_b, 2);
    EXPECT_FALSE(to_linear[1].over_seeds);
}

// Wrong if the margin were another for the verdict than for p, or had no effect.
TEST(DifferenceRows, MarginDecides) {
    const core::Comparison comparison = made_up_comparison();
    for (const double margin : {0.001, 0.01, 0.03, 0.06, 0.2})
        for (const DifferenceRow& row : difference_rows(comparison, margin, {})) {
            const bool equal =
                row.verdict == core::Verdict::equivalent || row.verdict == core::Verdict::both;
            EXPECT_EQ(equal, row.low90 >= -margin && row.high90 <= margin);
            EXPECT_TRUE(!equal || row.p_tost < 0.06);
            EXPECT_TRUE(margin < 0.2 || equal);
            EXPECT_TRUE(margin > 0.001 || !equal);
        }
}

// Wrong if an interval lay outside the axis, or the band did.
TEST(DifferenceRows, AxisHoldsAll) {
    const auto rows = difference_rows(made_up_comparison(), 0.03, {});
    const ForestAxis axis = forest_axis(rows, 0.08);
    EXPECT_LT(axis.low, -0.08);
    EXPECT_GT(axis.high, 0.08);
    for (const DifferenceRow& row : rows) EXPECT_LT(axis.low, row.low95);
    EXPECT_GE(axis.ticks.size(), 3u);
    EXPECT_LE(axis.ticks.size(), 12u);
    EXPECT_TRUE(std::isfinite(forest_axis({}, 0).low));
}

// Wrong if the text lacked what tells a reader how far to trust it.
TEST(DifferenceRows, TextSaysNIntervalAndRuns) {
    const core::Comparison comparison = made_up_comparison();
    const auto rows = difference_rows(comparison, 0.03, {});
    const std::string csv = csv_of(rows, comparison, 0.03);
    EXPECT_NE(csv.find("linear,wide,"), std::string::npos) << csv;
    EXPECT_NE(csv.find("linear-42 linear-7"), std::string::npos) << csv;
    const auto single = std::find_if(rows.begin(), rows.end(),
                                     [](const DifferenceRow& row) { return !row.over_seeds; });
    ASSERT_NE(single, rows.end());
    EXPECT_NE(explained(*single, comparison, 0.03).find("a single seed"), std::string::npos);
    EXPECT_EQ(p_text(0.0001), "< 0.001");
    EXPECT_EQ(p_text(0.0421), "0.042");
}

// Wrong if a cell held the difference of another pair, or its mirror had the same sign.
TEST(EquivalenceMatrix, RowLessColumn) {
    const core::Comparison comparison = made_up_comparison();
    const EquivalenceMatrix m = equivalence_matrix(comparison, 0.03);
    ASSERT_EQ(m.size(), 3u);
    EXPECT_EQ(comparison.variants[m.variants[0]].name, "linear");
    for (size_t row = 0; row < 3; ++row)
        for (size_t column = 0; column < 3; ++column) {
            if (row == column) {
                EXPECT_FALSE(m.at(row, column));
                continue;
            }
            ASSERT_TRUE(m.at(row, column));
            EXPECT_EQ(m.at(row, column)->a, m.variants[row]);
            EXPECT_EQ(m.at(row, column)->b, m.variants[column]);
            EXPECT_EQ(m.at(row, column)->mean, -m.at(column, row)->mean);
            EXPECT_EQ(m.at(row, column)->p_tost, m.at(column, row)->p_tost);
            EXPECT_EQ(m.at(row, column)->mean < 0, row < column);
        }
    EXPECT_NE(csv_of(m, comparison, 0.03).find("p of TOST, |difference| >= 0.03"),
              std::string::npos);
}

}  // namespace
}  // namespace hopscope::app
