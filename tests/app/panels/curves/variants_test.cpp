// Seeds as one line, their range, and the band of equivalence, computed without a window.
#include "app/panels/curves/variants.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/state/app_state.h"
#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

/// Losses of steps 1, 2, …; validation every second step, 1 above.
History history_of(const std::vector<float>& losses) {
    History h;
    for (size_t i = 0; i < losses.size(); ++i) {
        core::ScalarRecord r;
        r.step = static_cast<int64_t>(i) + 1;
        r.tokens = r.step * 100;
        r.loss = losses[i];
        if (r.step % 2 == 0) r.valid_loss = losses[i] + 1;
        h.append(r);
    }
    return h;
}

/// Two seeds of wide, the second shorter, and one of deep.
class CurveVariants : public ::testing::Test {
  protected:
    CurveVariants() {
        const char* dirs[] = {"r/wide-1", "r/deep-1", "r/wide-2"};
        const History* histories[] = {&wide_, &deep_, &short_};
        for (size_t i = 0; i < 3; ++i) {
            ComparedEntry entry;
            entry.dir = entry.name = dirs[i];
            entry.history = histories[i];
            entry.place = i % 2;
            entries_.push_back(entry);
        }
        comparison_ = gui_test::fake_comparison({dirs[0], dirs[1], dirs[2]});
        choice_.mean = Mean::none;
    }
    History wide_ = history_of({4, 3, 2, 1}), deep_ = history_of({5, 5, 5, 5}),
            short_ = history_of({2, 1});
    std::vector<ComparedEntry> entries_;
    core::Comparison comparison_;
    CurveChoice choice_;
    SeedMeans means_;
};

// Wrong if seeds were not put together, or a run whose seeds are not known were lost.
TEST_F(CurveVariants, SeedsAreOneLine) {
    const auto apart = variant_seeds(entries_, nullptr, {}, true);
    EXPECT_EQ(apart.size(), 3u);
    EXPECT_TRUE(apart[0].reference);
    EXPECT_EQ(variant_seeds(entries_, &comparison_, 0, false).size(), 3u);
    const auto grouped = variant_seeds(entries_, &comparison_, 1, true);
    ASSERT_EQ(grouped.size(), 2u);
    EXPECT_EQ(grouped[0].name, "wide");
    EXPECT_EQ(grouped[0].seeds.size(), 2u);
    EXPECT_EQ(grouped[1].name, "r/deep-1") << "a run alone keeps its name";
    EXPECT_TRUE(grouped[1].reference);
    comparison_.variants[0].seeds = {0};
    EXPECT_EQ(variant_seeds(entries_, &comparison_, 0, true).size(), 3u) << "one is left out";
}

// Wrong if the mean were taken of other steps than those that all have, or stood still while a seed
// goes on.
TEST_F(CurveVariants, MeanOfCommonSteps) {
    const auto grouped = variant_seeds(entries_, &comparison_, 0, true);
    auto lanes = means_.lanes(grouped);
    ASSERT_EQ(lanes.size(), 2u);
    EXPECT_EQ(lanes[0].history->loss, (std::vector<double>{3, 2}));
    EXPECT_EQ(lanes[0].history->valid_loss, (std::vector<double>{3}));
    EXPECT_EQ(lanes[1].history, &deep_);
    const uint64_t before = lanes[0].history->version;
    EXPECT_EQ(means_.lanes(grouped)[0].history->version, before) << "nothing new";
    short_ = history_of({2, 1, 0, 0});
    lanes = means_.lanes(grouped);
    EXPECT_NE(lanes[0].history->version, before);
    EXPECT_EQ(lanes[0].history->valid_loss, (std::vector<double>{3, 1.5}));
}

// Wrong if the range were not that of the seeds, or the margin lay around another line than the
// reference's.
TEST_F(CurveVariants, RangeAndMargin) {
    short_ = history_of({2, 1, 0, 0});
    const auto grouped = variant_seeds(entries_, &comparison_, 1, true);
    const auto lanes = means_.lanes(grouped);
    auto bands = bands_of(grouped, lanes, choice_, 0.03);
    ASSERT_EQ(bands.size(), 2u);
    EXPECT_TRUE(bands[0].equivalence);
    EXPECT_DOUBLE_EQ(bands[0].low[0], 5.97);
    EXPECT_DOUBLE_EQ(bands[0].high[1], 6.03);
    EXPECT_EQ(bands[1].low, (std::vector<double>{2, 1}));
    EXPECT_EQ(bands[1].high, (std::vector<double>{4, 2}));
    EXPECT_EQ(bands_of(grouped, lanes, choice_, 0).size(), 1u) << "no margin is shown";
    choice_.quantity = Quantity::perplexity;
    EXPECT_DOUBLE_EQ(bands_of(grouped, lanes, choice_, 0.03)[0].high[0], std::exp(6.03));
    choice_.quantity = Quantity::versus;
    bands = bands_of(grouped, lanes, choice_, 0.03);
    ASSERT_EQ(bands.size(), 2u);
    EXPECT_DOUBLE_EQ(bands[0].low[0], -0.03);
    EXPECT_EQ(bands[1].low, (std::vector<double>{-4, -5}));
    choice_.quantity = Quantity::lr;
    EXPECT_TRUE(bands_of(grouped, lanes, choice_, 0.03).empty());
}

// Wrong if a difference had the wrong sign, or the reference a line of its own.
TEST_F(CurveVariants, DifferencesToTheReference) {
    const auto grouped = variant_seeds(entries_, &comparison_, 1, true);
    const auto lanes = means_.lanes(grouped);
    const auto series = differences_to_reference(grouped, lanes, choice_);
    ASSERT_EQ(series.size(), 1u);
    EXPECT_EQ(series[0].listed(), "wide");
    EXPECT_EQ(series[0].ys[0], -3.0);
}

}  // namespace
}  // namespace hopscope::app
