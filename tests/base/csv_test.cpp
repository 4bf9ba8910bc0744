#include "core/base/csv.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(Csv, NumbersReadBackToTheSameBits) {
    EXPECT_EQ(csv_number(0.1F), "0.1");
    EXPECT_EQ(std::stod(csv_number(0.1 + 0.2)), 0.1 + 0.2);
    EXPECT_EQ(csv_number(INFINITY), "");
    EXPECT_EQ(csv_number(NAN), "");
}

TEST(Csv, FieldsAreQuotedWhereAReaderWouldSplitThem) {
    EXPECT_EQ(csv_field("the river"), "the river");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"so\""), "\"say \"\"so\"\"\"");
    EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace hopscope::core
