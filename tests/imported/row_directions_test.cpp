// Wrong if a picture of directions has other cosines than the rows of the model.
#include "core/imported/row_directions.h"

#include <cmath>
#include <gtest/gtest.h>

#include "core/base/random.h"

namespace hopscope::core {
namespace {

double dot(std::span<const float> rows, size_t width, size_t i, size_t j) {
    double sum = 0;
    for (size_t c = 0; c < width; ++c)
        sum += static_cast<double>(rows[i * width + c]) * static_cast<double>(rows[j * width + c]);
    return sum;
}

std::vector<float> random_rows(size_t count) {
    Random random(3);
    std::vector<float> out(count);
    for (float& value : out) value = static_cast<float>(random.below(2001)) / 1000 - 1;
    return out;
}

void expect_cosines(std::span<const float> rows, int64_t experts) {
    const auto n = static_cast<size_t>(experts), width = rows.size() / n;
    const RowDirections found = row_directions(rows, experts);
    ASSERT_EQ(found.dim, std::min(experts, static_cast<int64_t>(width)));
    const auto dim = static_cast<size_t>(found.dim);
    for (size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(found.length[i], std::sqrt(dot(rows, width, i, i)), 1e-5);
        for (size_t j = 0; j < n; ++j)
            EXPECT_NEAR(
                dot(found.unit, dim, i, j),
                dot(rows, width, i, j) / std::sqrt(dot(rows, width, i, i) * dot(rows, width, j, j)),
                3e-6);
    }
}

TEST(RowDirections, KeepAllCosinesAndLengths) {
    expect_cosines(random_rows(40 * 300), 40);  // in the space that they span
    expect_cosines(random_rows(40 * 7), 40);    // as they are
    // More rows than dimensions of their span: what is beyond it is zero, not rounding turned into
    // directions.
    std::vector<float> twice = random_rows(5 * 20);
    twice.insert(twice.end(), twice.begin(), twice.end());
    expect_cosines(twice, 10);
    const RowDirections found = row_directions(twice, 10);
    for (size_t i = 0; i < 10; ++i)
        for (size_t c = 5; c < 10; ++c) EXPECT_LT(std::abs(found.unit[i * 10 + c]), 1e-3f);
}

TEST(RowDirections, FirstCoordinatesVaryMost) {
    const RowDirections found = row_directions(random_rows(12 * 30), 12);
    double before = 1e9;
    for (size_t c = 0; c < 12; ++c) {
        double length = 0;
        for (size_t i = 0; i < 12; ++i)
            length += std::pow(static_cast<double>(found.unit[i * 12 + c]), 2);
        EXPECT_LE(length, before + 1e-6);
        before = length;
    }
}

TEST(RowDirections, ARowWithoutLengthStaysWithoutDirection) {
    std::vector<float> rows = random_rows(3 * 8);
    std::fill(rows.begin() + 8, rows.begin() + 16, 0.0f);
    const RowDirections found = row_directions(rows, 3);
    EXPECT_EQ(found.length[1], 0);
    EXPECT_NEAR(dot(found.unit, 3, 1, 1), 0, 1e-12);
    EXPECT_NEAR(dot(found.unit, 3, 0, 0), 1, 1e-6);
    EXPECT_EQ(row_directions({}, 0).dim, 0);
}

TEST(RowDirections, GainIsFoldedInAndTheMeanTakenAway) {
    std::vector<float> rows = {1, 2, 3, 4, 5, 6};
    fold_gain(rows, std::vector<float>{2, 0, -1});
    EXPECT_EQ(rows, (std::vector<float>{2, 0, -3, 8, 0, -6}));
    fold_gain(rows, {});
    EXPECT_EQ(rows[0], 2);
    centre_rows(rows, 2);
    EXPECT_EQ(rows, (std::vector<float>{-3, 0, 1.5f, 3, 0, -1.5f}));
}

}  // namespace
}  // namespace hopscope::core
