// Numbers and times as people read them.
#include "app/widgets/format.h"

#include <climits>
#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if numbers misled: a lost digit, a wrong group, "nan" on the screen.
TEST(Format, NumbersAndTimes) {
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
    EXPECT_EQ(with_thousands(INT64_MIN), "-9,223,372,036,854,775,808");
    EXPECT_EQ(significant(9.8412, 3), "9.84");
    EXPECT_EQ(significant(1240.4, 3), "1,240");
    EXPECT_EQ(significant(3e-4, 3), "3.0e-04");
    EXPECT_EQ(significant(std::nan(""), 3), kNothing);
    EXPECT_EQ(plain(200), "200");
    EXPECT_EQ(plain(7.5), "7.5");
    EXPECT_EQ(duration(72), "1 min 12 s");
    EXPECT_EQ(duration(59.6), "1 min 00 s");
    EXPECT_EQ(duration(3 * 3600 + 300), "3 h 05 min");
    EXPECT_EQ(duration(std::nan("")), kNothing);
    EXPECT_EQ(bytes(412'000'000), "412 MB");
    EXPECT_TRUE(std::isnan(time_left(5, 10, std::nan(""), 100)));
    EXPECT_EQ(time_left(5, 10, 50, 100), 10);
    EXPECT_EQ(shortened("\xCF\x84\xCF\x84\xCF\x84\xCF\x84", 3), "\xCF\x84\xCF\x84\xE2\x80\xA6");
}

// Wrong if a bound were a row of zeros to be counted, or what is no whole number were changed.
TEST(Format, WholeNumbersOfASentenceAreSeparated) {
    EXPECT_EQ(with_thousands_in("0 \xE2\x80\xA6 1000000, in fp32"),
              "0 \xE2\x80\xA6 1,000,000, in fp32");
    EXPECT_EQ(with_thousands_in("above 0.00125, at most 1e6; 999"),
              "above 0.00125, at most 1e6; 999");
    EXPECT_EQ(with_thousands_in("1,000,000 of step_00001000"), "1,000,000 of step_00001000");
    EXPECT_EQ(with_thousands_in("runs/1x1200 of seed1234"), "runs/1x1200 of seed1234");
    EXPECT_EQ(with_thousands_in(""), "");
}

// Wrong if names that differ in their last letters became one, or a character was cut in two.
TEST(Format, ANameIsCutInItsMiddle) {
    EXPECT_EQ(shortened_in_middle("wide_1x12", 9), "wide_1x12");
    EXPECT_EQ(shortened_in_middle("abcdefghij", 6), "abc\xE2\x80\xA6ij");
    EXPECT_EQ(shortened_in_middle("abcdefghij", 5), "ab\xE2\x80\xA6ij");
    EXPECT_EQ(shortened_in_middle("\xCF\x84\xCF\x84\xCF\x84\xCF\x85", 3),
              "\xCF\x84\xE2\x80\xA6\xCF\x85");
}

// Wrong if a number at an axis of time were read as another unit.
TEST(Format, RoundTimes) {
    EXPECT_EQ(round_time(0), "0");
    EXPECT_EQ(round_time(0.5), "0.5 s");
    EXPECT_EQ(round_time(30), "30 s");
    EXPECT_EQ(round_time(60), "1 min");
    EXPECT_EQ(round_time(150), "2:30 min");
    EXPECT_EQ(round_time(5400), "1:30 h");
    EXPECT_EQ(round_time(216000), "2 d 12 h");
    EXPECT_EQ(round_time(-60),
              "\xE2\x88\x92"
              "1 min");
}

}  // namespace
}  // namespace hopscope::app
