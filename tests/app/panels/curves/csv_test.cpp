#include "app/panels/curves/csv.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Fails if a line is lost, what was not measured becomes a number, or a name breaks the table.
TEST(CurvesCsv, HasAllPointsOfAllLines) {
    const std::vector<double> steps = {1, 2, 3}, loss = {5.5, NAN, 5.25}, valid = {5.75};
    Series raw, other;
    raw.name = "train";
    raw.xs = steps;
    raw.ys = loss;
    other.name = "valid, \"all\"";
    other.xs = std::span(steps).subspan(2);
    other.ys = valid;
    const std::vector<Series> both = {raw, other};
    EXPECT_EQ(csv_of(both, {}),
              "series," + std::string(axis_of(XAxis::step)) + ",\"" + text_of(Quantity::loss).axis +
                  "\"\ntrain,1,5.5\ntrain,3,5.25\n\"valid, \"\"all\"\"\",3,5.75\n");
    EXPECT_EQ(csv_of(std::span<const Series>(), {}), "");
}

// Fails if more were written than was asked for, an end of the part were left out, or the range
// that the first line of a file names were another than that of the lines.
TEST(CurvesCsv, IsLimitedToAPartOfTheAxis) {
    const std::vector<double> steps = {1, 2, 3, 4}, loss = {5.5, 5.25, NAN, 5};
    Series raw;
    raw.name = "train";
    raw.xs = steps;
    raw.ys = loss;
    const std::string text = csv_of(std::span(&raw, 1), {}, {2, 3.5});
    EXPECT_EQ(text.substr(text.find('\n')), "\ntrain,2,5.25\n");
    const auto part = written_by_csv(std::span(&raw, 1), {2, 4});
    ASSERT_TRUE(part.has_value());
    EXPECT_EQ(part->low, 2);
    EXPECT_EQ(part->high, 4);
    EXPECT_FALSE(written_by_csv(std::span(&raw, 1), {2.5, 3.5}).has_value());
    EXPECT_EQ(csv_of(std::span(&raw, 1), {}, {2.5, 3.5}), "");
}

}  // namespace
}  // namespace hopscope::app
