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

}  // namespace
}  // namespace hopscope::app
