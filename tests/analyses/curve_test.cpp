// If these fail, the window paints phases that the analysis does not find, or calls a fall level.
#include "core/analyses/curve.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace hopscope::core::analysis {
namespace {

/// A loss that falls quickly until step 100, slowly until 2,000, and no more from there.
std::vector<ScalarRecord> planted() {
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise(0, 0.05);
    std::vector<ScalarRecord> out;
    for (int64_t step = 0; step <= 8000; ++step) {
        const double x = std::log(std::max(1.0, static_cast<double>(step)));
        ScalarRecord record;
        record.step = step;
        record.loss = static_cast<float>(8 - 0.9 * x + 0.6 * std::max(0.0, x - std::log(100)) +
                                         0.3 * std::max(0.0, x - std::log(2000)) + noise(random));
        if (step == 50) record.loss = kNaN;
        out.push_back(record);
    }
    return out;
}

TEST(Phases, AreThePiecesOfTheLossInUpdatesAndWords) {
    std::vector<double> steps, losses;
    for (const ScalarRecord& record : planted()) {
        steps.push_back(static_cast<double>(record.step));
        losses.push_back(record.loss);
    }
    const auto phases = phases_of(segments_of(steps, losses));
    ASSERT_EQ(phases.size(), 3u);
    EXPECT_NEAR(phases[0].from, 1, 1e-9);
    EXPECT_TRUE(std::isnan(phases[0].from_low));
    EXPECT_NEAR(phases[1].from, 100, 15);
    EXPECT_LT(phases[1].from_low, phases[1].from);
    EXPECT_GT(phases[1].from_high, phases[1].from);
    EXPECT_NEAR(phases[2].from, 2000, 300);
    EXPECT_NEAR(phases[2].to, 8000, 8000 * 0.03) << "the middle of the last bin";
    EXPECT_EQ(phases[0].to, phases[1].from);
    EXPECT_NEAR(phases[0].at_from, 8, 0.1);
    EXPECT_EQ(phases[0].course, Course::falling);
    EXPECT_EQ(phases[1].course, Course::falling);
    EXPECT_EQ(phases[2].course, Course::level);
}

TEST(Phases, OfAColumnAreThoseOfItsValues) {
    const auto records = planted();
    std::vector<double> steps, losses;
    for (const ScalarRecord& record : records) {
        steps.push_back(static_cast<double>(record.step));
        losses.push_back(record.loss);
    }
    const auto columns = metric_columns(0);
    const auto loss = std::find_if(columns.begin(), columns.end(), [](const Column& column) {
        return column.field == Column::Field(&ScalarRecord::loss);
    });
    ASSERT_NE(loss, columns.end());
    const auto found = segments_of(records, *loss);
    const auto phases = phases_of(segments_of(steps, losses));
    ASSERT_EQ(found.pieces.size(), phases.size());
    for (size_t i = 0; i < phases.size(); ++i) {
        EXPECT_EQ(std::exp(found.pieces[i].begin), phases[i].from);
        EXPECT_EQ(found.pieces[i].at_end, phases[i].at_to);
    }
    EXPECT_TRUE(
        phases_of(segments_of(std::vector<double>{1, 2}, std::vector<double>{1, 2})).empty())
        << "nothing can be told of two updates";
}

}  // namespace
}  // namespace hopscope::core::analysis
