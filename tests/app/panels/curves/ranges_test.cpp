// Axes, holes and labels of the curves.
#include "app/panels/curves/ranges.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::record;

// Wrong if a gap were not named, or what was not yet measured were called one.
TEST(Curves, GapsAreNamed) {
    const double none = std::nan("");
    const std::vector<double> xs = {1, 2, 3, 4, 5, 6, 7, 8, 9},
                              ys = {none, 1, none, none, 2, 3, none, 4, none};
    Series series;
    series.xs = xs;
    series.ys = ys;
    EXPECT_EQ(gaps_in(series, {0, 10}), (std::vector<Gap>{{3, 4, 2}, {7, 7, 1}}));
    EXPECT_EQ(gaps_in(series, {4, 5}), (std::vector<Gap>{{3, 4, 2}})) << "a part of it is in view";
    EXPECT_TRUE(gaps_in(series, {5, 6}).empty());
    EXPECT_EQ(in_words(Gap{3, 4, 2}, XAxis::step), "no value from step 3 to 4");
    EXPECT_EQ(in_words(Gap{90, 90, 1}, XAxis::time), "no value at time 1 min 30 s");
}

// Wrong if the linear part were not two decades below what is shown, or followed what is not.
TEST(Curves, SymlogIsLinearTwoDecadesBelow) {
    const std::vector<double> xs = {1, 2, 3}, ys = {-0.3, 0.01, 900};
    Series series;
    series.xs = xs;
    series.ys = ys;
    EXPECT_NEAR(linear_part({series}, {1, 2}), 0.001, 1e-12);
    EXPECT_NEAR(linear_part({series}, {1, 3}), 1, 1e-9);
    EXPECT_GT(linear_part({}, {0, 1}), 0);
}

// Wrong if labels covered each other, or left the picture while there was room in it.
TEST(Curves, LabelsStandApartWithinThePicture) {
    using Tops = std::vector<float>;
    EXPECT_EQ(stacked({10, 50}, 10, {0, 100}), (Tops{10, 50})) << "none is moved for nothing";
    EXPECT_EQ(stacked({-5, 10}, 10, {0, 100}), (Tops{0, 10}));
    EXPECT_EQ(stacked({50, 52, 90, 96}, 10, {0, 100}), (Tops{50, 60, 80, 90}));
    EXPECT_TRUE(stacked({}, 10, {0, 100}).empty());
}

// Wrong if a missing value or a spike outside the view set the axis.
TEST(Curves, RangesIgnoreMissingValuesAndWhatIsOutOfView) {
    History h;
    h.append(record(1, 1000));
    for (int i = 2; i <= 20; ++i) h.append(record(i, i == 9 ? core::kNaN : 3.0f + 0.1f * (i % 2)));
    CurveChoice choice;
    choice.mean = Mean::none;
    const auto series = curves_of(h, choice);
    const Range y = y_range(series, {2, 20}, false);
    EXPECT_GT(y.low, 2.5);
    EXPECT_LT(y.high, 3.5);
    EXPECT_GT(y_range(series, {1, 20}, false).high, 1000);
    const Range empty = y_range({}, {0, 1}, true);
    EXPECT_GT(empty.low, 0);  // a logarithmic axis cannot show 0
    EXPECT_GE(x_range({}).high, 1);
}

}  // namespace
}  // namespace hopscope::app
