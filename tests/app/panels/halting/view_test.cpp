// The measured halting table as lines, rows and text, computed without a window.
#include "app/panels/halting/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/halting/question.h"
#include "app/panels/trajectory/view.h"
#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

core::HaltingTable made_up_table() {
    return *gui_test::fake_halting("runs/a", HaltingQuestion::plan({0.02, 0.1, 0.9}), {});
}

// Wrong if the curve showed another number than the table, or the interval of the difference were
// drawn around another middle than its own.
TEST(Halting, LinesAreTheTablesNumbers) {
    const core::HaltingTable table = made_up_table();
    const HaltingLines lines = halting_lines(table, HaltingAxis::threshold);
    EXPECT_EQ(lines.x, (std::vector<double>{0.02, 0.1, 0.9}));
    EXPECT_DOUBLE_EQ(lines.base, std::exp(3.2));
    EXPECT_DOUBLE_EQ(lines.perplexity[1], std::exp(3.3));
    EXPECT_DOUBLE_EQ(lines.low[1], std::exp(3.2 + 0.075));
    EXPECT_DOUBLE_EQ(lines.high[1], std::exp(3.2 + 0.125));
    EXPECT_DOUBLE_EQ(lines.control[1], std::exp(3.5));
    EXPECT_NEAR(lines.hops[1], 100 * (1 - 1.0 / 3), 1e-9);
    EXPECT_NEAR(lines.moe_time[1], 100 * 0.36 / 0.51, 1e-9) << "medians of both";
    const HaltingLines saved = halting_lines(table, HaltingAxis::saving);
    EXPECT_NEAR(saved.x[1], 100.0 / 3, 1e-9);
    EXPECT_NEAR(halting_lines(table, HaltingAxis::time).x[1], lines.moe_time[1], 1e-12);
}

// Wrong if a table without a control were drawn as if chance were 0.
TEST(Halting, WithoutDrawsThereIsNoControl) {
    auto table = made_up_table();
    for (auto& row : table.rows) row.chance = {};
    const HaltingLines lines = halting_lines(table, HaltingAxis::threshold);
    EXPECT_TRUE(std::isnan(lines.control[0]));
    EXPECT_TRUE(std::isnan(lines.low[0]));
    EXPECT_EQ(csv_of(table).find("nan"), std::string::npos);
}

// Wrong if the slider stood for a threshold farther away than another.
TEST(Halting, TheSliderStandsForTheNearestThreshold) {
    const auto table = made_up_table();
    EXPECT_EQ(nearest_row(table, 0.03), 0);
    EXPECT_EQ(nearest_row(table, 0.06), 1) << "nearest on the log scale";
    EXPECT_EQ(nearest_row(table, 1), 2);
    EXPECT_EQ(nearest_row(table, -1), -1);
    EXPECT_EQ(nearest_row({}, 0.1), -1);
    for (const double epsilon : {0.001, 0.0123, 0.5, 1.0})
        EXPECT_NEAR(epsilon_at(position_of(epsilon)), epsilon, 1e-5 * epsilon);
    EXPECT_EQ(position_of(-1), 0);
    EXPECT_GT(position_of(1e-9), 0) << "below the scale is its lower end, not off";
}

TEST(Halting, ClassesAreSorted) {
    const core::HaltingRow row = made_up_table().rows[1];
    const auto names = [&](ClassOrder by, bool falling) {
        std::string out;
        for (const size_t i : class_order(row, by, falling))
            out += class_name(row.classes[i]) + ";";
        return out;
    };
    EXPECT_EQ(names(ClassOrder::hops, false), "function (text);in no list;temporal;");
    EXPECT_EQ(names(ClassOrder::hops, true), "temporal;in no list;function (text);");
    EXPECT_EQ(names(ClassOrder::tokens, true), "in no list;function (text);temporal;");
    EXPECT_EQ(names(ClassOrder::name, false), "function (text);temporal;in no list;");
    EXPECT_EQ(names(ClassOrder::name, true), "temporal;function (text);in no list;");
}

// Wrong if the export left out the step, a threshold, the control or a class with its n.
TEST(Halting, TheExportHoldsEverything) {
    const std::string csv = csv_of(made_up_table());
    EXPECT_EQ(csv.find("# halting of runs/a, step 100, 5120 validation tokens\n"), 0U) << csv;
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 1 + 1 + 3 + 2 + 9) << csv;
    EXPECT_NE(csv.find("\n0.1,2,0.333"), std::string::npos) << csv;
    EXPECT_NE(csv.find("\n0.1,temporal,320,2.3,"), std::string::npos) << csv;
}

// Wrong if what is typed were read as another threshold, or one that is none were taken.
TEST(Halting, ThresholdsAreRead) {
    AppState state;
    HaltingQuestion question;
    question.thresholds = " 0.2,0.05 , 0.2,,1e-2 ";
    const auto read = question.epsilons(state);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, (std::vector<double>{0.01, 0.05, 0.2}));
    state.halt_position = position_of(0.07);
    EXPECT_EQ(question.epsilons(state)->at(2), 0.07) << "that of the slider, too";
    for (const char* wrong : {"0.1, x", "0", "-0.2", "0.1 0.2", "inf", "nan"}) {
        question.thresholds = wrong;
        EXPECT_FALSE(question.epsilons(state)) << wrong;
    }
    state.halt_position = 0;
    question.thresholds = " ";
    EXPECT_FALSE(question.epsilons(state));
}

}  // namespace
}  // namespace hopscope::app
