// Sweeps over made-up runs, computed without a window: what stands on which axis, means and their
// range, front, trend and table.
#include "app/panels/sweep/view.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

struct Swept {
    core::Comparison comparison;
    std::vector<core::RunNumbers> numbers;
    std::vector<ComparedEntry> entries;
    SweepRuns runs;
    std::vector<SweepAxis> axes;

    explicit Swept(const std::vector<std::string>& dirs)
        : comparison(gui_test::fake_comparison(dirs)) {
        for (size_t i = 0; i < dirs.size(); ++i) {
            numbers.push_back(gui_test::fake_numbers(dirs[i]));
            entries.push_back({});
            entries.back().dir = dirs[i];
            entries.back().place = i;
        }
        runs = sweep_runs(comparison, numbers);
        axes = sweep_axes(runs);
    }
    SweepPicture picture(const SweepChoice& choice) const {
        return sweep_picture(runs, axes, choice, entries, gui_test::fake_line);
    }
};

const std::vector<std::string> kDirs = {"r/wide-42", "r/wide-7",   "r/linear-42",
                                        "r/deep-1",  "r/dense-42", "r/dense-7"};

SweepChoice choice(const std::string& x, const std::string& y) {
    SweepChoice out;
    out.x = x;
    out.y = y;
    return out;
}

const SweepGroup* group_of(const SweepPicture& picture, const std::string& name) {
    for (const SweepGroup& group : picture.groups)
        if (group.name == name) return &group;
    return nullptr;
}

// Wrong if a setting in which runs differ could not be chosen at once, a number that few runs have
// were not offered, or a run that cannot be read held up the others.
TEST(SweepAxes, SettingsCostsAndResults) {
    auto dirs = kDirs;
    dirs.push_back("r/bad-1");
    const Swept swept(dirs);
    EXPECT_EQ(swept.runs.all.size(), 6u);
    ASSERT_EQ(swept.runs.problems.size(), 1u);
    EXPECT_NE(swept.runs.problems[0].find("no such file"), std::string::npos);
    const SweepAxis* top_k = axis_of(swept.axes, "moe.top_k");
    ASSERT_TRUE(top_k);
    EXPECT_TRUE(top_k->differs);
    EXPECT_FALSE(axis_of(swept.axes, "model.d_model")->differs);
    EXPECT_LT(top_k, axis_of(swept.axes, "model.d_model")) << "those that differ come first";
    const SweepAxis* accuracy = axis_of(swept.axes, "zeroshot-arc_easy/accuracy");
    ASSERT_TRUE(accuracy);
    EXPECT_EQ(accuracy->runs, 1u);
    EXPECT_EQ(axis_of(swept.axes, "valid_loss/final")->title(), "validation loss, final, nats");
}

// Wrong if a sweep that nobody set began with a cost that is the same in all runs though another
// tells them apart.
TEST(SweepAxes, BeginsWithTheCostThatTellsMost) {
    Swept swept(kDirs);
    EXPECT_EQ(swept.picture({}).x.key, "parameters") << "as many values as operations";
    for (core::RunNumbers& run : swept.numbers) run.costs[0].value = 7;
    EXPECT_EQ(swept.picture({}).x.key, "flops_per_token");
}

// Wrong if a mean were over other runs than the seeds of its variant, or its range not theirs.
TEST(SweepPicture, MeanAndRangeOverSeeds) {
    const Swept swept(kDirs);
    const SweepPicture picture = swept.picture(choice("moe.top_k", "valid_loss/final"));
    ASSERT_EQ(picture.refusal, "");
    ASSERT_EQ(picture.groups.size(), 4u);
    const SweepGroup* wide = group_of(picture, "wide");
    ASSERT_TRUE(wide);
    EXPECT_EQ(wide->n, 2u);
    EXPECT_EQ(wide->x, 12);
    const double a = wide->points[0].y, b = wide->points[1].y;
    EXPECT_NE(a, b);
    EXPECT_DOUBLE_EQ(wide->y, (a + b) / 2);
    EXPECT_EQ(wide->y_low, std::min(a, b));
    EXPECT_EQ(wide->y_high, std::max(a, b));
    EXPECT_EQ(wide->place, 0u) << "colour and glyph of its first run";
    EXPECT_EQ(picture.runs(), 6u);
    for (size_t i = 1; i < picture.groups.size(); ++i)
        EXPECT_LE(picture.groups[i - 1].x, picture.groups[i].x);
}

// Wrong if a run that is not as long trained, or a seed twice, moved the mean of its variant.
TEST(SweepPicture, UnequalRunsAreNotAveraged) {
    Swept swept({"r/wide-42", "r/wide-7", "r/wide-9", "q/wide-7"});
    swept.numbers[2].step = 600;
    const SweepPicture picture = swept.picture(choice("parameters", "valid_loss/final"));
    ASSERT_EQ(picture.groups.size(), 1u);
    const SweepGroup& wide = picture.groups[0];
    EXPECT_EQ(wide.n, 2u);
    EXPECT_EQ(wide.points[1].left_out, "");
    EXPECT_NE(wide.points[2].left_out.find("step 600"), std::string::npos);
    EXPECT_NE(wide.points[3].left_out.find("same seed"), std::string::npos);
    EXPECT_DOUBLE_EQ(wide.y, (wide.points[0].y + wide.points[1].y) / 2);
    EXPECT_NE(csv_of(picture).find("It stands at step 600"), std::string::npos);
}

// Wrong if a beaten variant stood on the front, an unbeaten one did not, or turning a direction
// round changed nothing.
TEST(SweepPicture, ParetoFront) {
    const Swept swept(kDirs);
    SweepChoice lower = choice("flops_per_token", "valid_loss/final");
    const SweepPicture picture = swept.picture(lower);
    EXPECT_EQ(picture.better_y, core::Better::lower);
    for (const SweepGroup& group : picture.groups) {
        const bool beaten =
            std::any_of(picture.groups.begin(), picture.groups.end(), [&](const SweepGroup& other) {
                return other.x <= group.x && other.y <= group.y &&
                       (other.x < group.x || other.y < group.y);
            });
        EXPECT_EQ(group.front, !beaten) << group.name;
    }
    EXPECT_TRUE(group_of(picture, "linear")->front) << "the lowest loss";
    EXPECT_TRUE(group_of(picture, "dense")->front) << "the fewest operations";
    EXPECT_FALSE(group_of(picture, "deep")->front);
    lower.better_y = core::Better::higher;
    EXPECT_TRUE(group_of(swept.picture(lower), "dense")->front);
    EXPECT_FALSE(group_of(swept.picture(lower), "linear")->front);
}

// Wrong if a front were drawn although nothing says what is better, or words had an order.
TEST(SweepPicture, FrontOnlyWhereOneCanBe) {
    const Swept swept(kDirs);
    SweepChoice overlap = choice("parameters", "jaccard/mean");
    EXPECT_NE(swept.picture(overlap).no_front, "");
    overlap.better_y = core::Better::higher;
    EXPECT_EQ(swept.picture(overlap).no_front, "");
    EXPECT_EQ(swept.picture(choice("parameters", "tokens_per_s/end")).better_y,
              core::Better::higher);
}

// Wrong if settings that are words could not stand on the axis, or stood there with a logarithm or
// a slope.
TEST(SweepPicture, WordsStandSideBySide) {
    Swept swept(kDirs);
    for (core::ComparedRun& run : swept.comparison.runs)
        if (run.variant == "linear") run.config.moe.router = core::RouterKind::linear;
    swept.axes = sweep_axes(swept.runs);
    SweepChoice by_router = choice("moe.router", "valid_loss/final");
    by_router.log_x = true;
    const SweepPicture picture = swept.picture(by_router);
    EXPECT_EQ(picture.words, (std::vector<std::string>{"cosine", "linear"}));
    EXPECT_EQ(group_of(picture, "linear")->x, 1);
    EXPECT_EQ(x_text(picture, 1), "linear");
    EXPECT_FALSE(picture.log_x);
    EXPECT_NE(picture.no_log_x, "");
    EXPECT_NE(picture.no_front, "");
    EXPECT_NE(picture.no_trend, "");
}

// Wrong if a line were drawn through two variants, or one whose slope may be 0, or n were not said.
TEST(SweepPicture, TrendOnlyWhereItIsTold) {
    const Swept all(kDirs), two({"r/wide-42", "r/deep-1"});
    const SweepPicture few = two.picture(choice("parameters", "valid_loss/final"));
    EXPECT_NE(few.no_trend.find("there are 2"), std::string::npos);
    const SweepChoice asked = choice("seconds", "valid_loss/final");
    const SweepPicture told = all.picture(asked);
    EXPECT_EQ(told.no_trend, "");
    EXPECT_EQ(told.trend.n, 4);
    EXPECT_NE(trend_text(told).find("n = 4 variants"), std::string::npos);
    const SweepPicture open =
        sweep_picture(all.runs, all.axes, asked, all.entries, [](const auto& x, const auto& y) {
            core::Trend trend = gui_test::fake_line(x, y);
            trend.low95 = -1;
            trend.high95 = 1;
            return trend;
        });
    EXPECT_NE(open.no_trend.find("holds 0"), std::string::npos);
}

// Wrong if a line on logarithmic axes went beside the points that it was fitted to.
TEST(SweepPicture, TrendOfLogarithms) {
    Swept swept({"r/a-1", "r/b-1", "r/c-1"});
    for (size_t i = 0; i < 3; ++i) {
        swept.numbers[i].costs = {swept.numbers[i].costs.front()};
        swept.numbers[i].costs[0].value = std::pow(10, static_cast<double>(i) + 1);
        swept.numbers[i].results = {swept.numbers[i].results.front()};
        swept.numbers[i].results[0].value = 5 * std::pow(swept.numbers[i].costs[0].value, -0.5);
    }
    SweepChoice both = choice("parameters", "valid_loss/final");
    both.log_x = both.log_y = true;
    swept.axes = sweep_axes(swept.runs);
    const SweepPicture picture = swept.picture(both);
    ASSERT_EQ(picture.groups.size(), 3u);
    EXPECT_NEAR(picture.trend.slope, -0.5, 1e-9);
    for (const SweepGroup& group : picture.groups)
        EXPECT_NEAR(trend_at(picture, group.x), group.y, 1e-9 * group.y);
}

// Wrong if runs without a number passed for 0, or nobody were told that they are missing.
TEST(SweepPicture, RunsWithoutANumberAreNamed) {
    const Swept swept(kDirs);
    const SweepPicture picture = swept.picture(choice("parameters", "zeroshot-arc_easy/accuracy"));
    ASSERT_EQ(picture.groups.size(), 1u);
    EXPECT_EQ(picture.groups[0].name, "linear");
    EXPECT_EQ(picture.lacking.size(), 5u);
    const SweepPicture none = swept.picture(choice("parameters", "zeroshot-winogrande/accuracy"));
    EXPECT_NE(none.refusal.find("zeroshot-winogrande/accuracy"), std::string::npos);
    EXPECT_EQ(csv_of(none), "");
}

// Wrong if the table were sorted by another column than was asked for, or the text had not every
// run, units and n.
TEST(SweepTable, SortedAndWritten) {
    const Swept swept(kDirs);
    SweepPicture picture = swept.picture(choice("flops_per_token", "valid_loss/final"));
    sort_groups(picture.groups, SweepColumn::y, true);
    for (size_t i = 1; i < picture.groups.size(); ++i)
        EXPECT_GE(picture.groups[i - 1].y, picture.groups[i].y);
    sort_groups(picture.groups, SweepColumn::variant, false);
    EXPECT_EQ(picture.groups.front().name, "deep");
    const std::string text = csv_of(picture);
    EXPECT_EQ(text.substr(0, text.find('\n')),
              "variant,run,n_runs,\"operations a token, FLOPs\",\"validation loss, final, "
              "nats\",range_low,range_high,ci95_low,ci95_high,on_front,seed,step,n,n_of,folder,"
              "left_out");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 4 + 6);
    EXPECT_NE(text.find(",42,1200,50,batches,r/wide-42,"), std::string::npos);
    const size_t columns = 16;
    size_t begin = text.find('\n') + 1;
    while (begin < text.size()) {
        const size_t end = text.find('\n', begin);
        EXPECT_EQ(core::csv_cells(std::string_view(text).substr(begin, end - begin)).size(),
                  columns);
        begin = end + 1;
    }
}

// Wrong if what is under the pointer did not say n, or that a run is not in the mean.
TEST(SweepTable, Explained) {
    const Swept swept(kDirs);
    const SweepPicture picture = swept.picture(choice("moe.top_k", "valid_loss/final"));
    const SweepGroup* wide = group_of(picture, "wide");
    EXPECT_NE(explained(picture, *wide, nullptr).find("n = 2 seeds"), std::string::npos);
    EXPECT_NE(explained(picture, *wide, &wide->points[0]).find("n = 50 batches"),
              std::string::npos);
    EXPECT_EQ(value_text(84.7e6), "84.70 M");
    EXPECT_EQ(value_text(1200), "1,200");
}

}  // namespace
}  // namespace hopscope::app
