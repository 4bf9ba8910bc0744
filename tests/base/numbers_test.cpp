// If these fail, a number of the command line is another one than was typed.
#include "core/base/numbers.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::core {
namespace {

TEST(ReadNumbers, TakesDecimalDigitsAlone) {
    EXPECT_EQ(read_integer("0"), 0);
    EXPECT_EQ(read_integer("-17"), -17);
    EXPECT_EQ(read_integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(read_natural("18446744073709551615"), std::numeric_limits<uint64_t>::max());
    EXPECT_EQ(read_number("2.5e-3"), 2.5e-3);
    EXPECT_EQ(read_number("1E+5"), 1e5);
    EXPECT_EQ(read_number("-0.1"), -0.1);
    EXPECT_EQ(read_number("30"), 30.0);
    for (const char* text :
         {"",      " ",     " 5",   "5 ", "+5", "010", "00",  "-010", "0x10", "0b1", "0o7",
          "1_000", "1,000", "five", "5x", "-",  "--5", "nan", "inf",  "\t5",  "５"}) {
        EXPECT_FALSE(read_integer(text)) << text;
        EXPECT_FALSE(read_natural(text)) << text;
        EXPECT_FALSE(read_number(text)) << text;
    }
    EXPECT_FALSE(read_integer(std::string_view("5\0", 2)));
    for (const char* text : {"1e3", "2.5", "5.", "9223372036854775808"})
        EXPECT_FALSE(read_integer(text)) << text;
    for (const char* text : {"-1", "18446744073709551616", "1e3"})
        EXPECT_FALSE(read_natural(text)) << text;
    for (const char* text : {".5", "5.", "1e", "1e+", "1e400", "1e-400", "0x1p3", "1.5.2", "01.5"})
        EXPECT_FALSE(read_number(text)) << text;
}

// Fails if a part of a longer text is read beyond its end: "1.5" of "1.52" is 1.5.
TEST(ReadNumbers, APartOfALongerTextEndsWhereItEnds) {
    const std::string_view text = "1.52e34-78";
    EXPECT_EQ(read_number(text.substr(0, 1)), 1.0);
    EXPECT_EQ(read_number(text.substr(0, 3)), 1.5);
    EXPECT_EQ(read_number(text.substr(0, 6)), 1.52e3);
    EXPECT_FALSE(read_number(text.substr(0, 2))) << "a point without its digit";
    EXPECT_FALSE(read_number(text.substr(0, 5))) << "an exponent without its digit";
    EXPECT_EQ(read_integer(text.substr(7, 2)), -7);
    EXPECT_EQ(read_natural(text.substr(5, 1)), 3u);
    EXPECT_FALSE(read_integer(text.substr(7, 1))) << "a sign without its digit";
}

// Fails if a long number is cut at wrong places, or its sign counts as a digit.
TEST(ReadNumbers, LongNumbersAreReadInThousands) {
    for (const char* text : {"", "0", "12", "123", "-123"}) EXPECT_EQ(in_thousands(text), text);
    EXPECT_EQ(in_thousands("1234"), "1,234");
    EXPECT_EQ(in_thousands("-123456"), "-123,456");
    EXPECT_EQ(in_thousands("84742144"), "84,742,144");
    EXPECT_EQ(in_thousands("9223372036854775807"), "9,223,372,036,854,775,807");
}

TEST(ReadNumbers, RangesHoldTheirEndsAndSayThem) {
    const NumberRange closed{1, 64}, open{0, 1, true, true}, endless{2};
    for (const double inside : {1.0, 64.0, 1.5}) EXPECT_TRUE(closed.holds(inside));
    for (const double outside : {0.999, 64.001, std::nan(""), double{INFINITY}})
        EXPECT_FALSE(closed.holds(outside));
    EXPECT_FALSE(open.holds(0));
    EXPECT_FALSE(open.holds(1));
    EXPECT_TRUE(open.holds(1e-40));
    EXPECT_TRUE(open.holds(0.9999999));
    // In fp32 they are what is excluded.
    EXPECT_FALSE(open.holds(1e-46));
    EXPECT_FALSE(open.holds(0.999999999));
    EXPECT_TRUE((NumberRange{0, 1}.holds(1e-300)));
    EXPECT_EQ(closed.text(), "1 … 64");
    EXPECT_EQ(open.text(), "above 0 and below 1, in fp32");
    EXPECT_EQ((NumberRange{0, 1, true}.text()), "above 0 and at most 1, in fp32");
    EXPECT_EQ(endless.text(), "at least 2");
    EXPECT_EQ((NumberRange{-1e30, 1e30}.text()), "-1e+30 … 1e+30");
    EXPECT_EQ(NumberRange{}.text(), "any finite value");
}

}  // namespace
}  // namespace hopscope::core
