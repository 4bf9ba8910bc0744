// Printed numbers against the printed numbers they were made of: the paper's [def:printed_claims]
// and altered ones. A failure would let a contradiction pass, or invent one.
#include "core/compare/printed.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(Printed, PercentagesOfTable3) {
    struct Row {
        const char *ppl, *percent;
        Follows follows;
    };
    // Against dense 34.49.
    constexpr Row kRows[] = {{"29.36", "-14.9", Follows::yes}, {"33.93", "-1.6", Follows::yes},
                             {"34.62", "0.4", Follows::yes},   {"34.05", "-1.3", Follows::yes},
                             {"34.11", "-1.1", Follows::yes},  {"34.59", "0.3", Follows::yes},
                             {"32.76", "-5.0", Follows::yes},  {"33.14", "-3.9", Follows::yes},
                             {"34.92", "1.2", Follows::yes},   {"35.03", "1.6", Follows::yes},
                             {"36.14", "4.8", Follows::yes},   {"36.04", "4.6", Follows::no},
                             {"37.77", "9.4", Follows::no},    {"37.72", "9.4", Follows::yes},
                             {"38.30", "11.0", Follows::yes}};
    for (const Row& row : kRows) {
        const auto check = check_percent("34.49", row.ppl, row.percent);
        EXPECT_EQ(check.follows, row.follows) << check.text;
    }
    // Altered: what Hash should have been.
    EXPECT_EQ(check_percent("34.49", "36.04", "4.5").follows, Follows::yes);
    // 304.50 against 321.43 is −5.3 %, not −4.6 %.
    EXPECT_EQ(check_percent("321.43", "304.50", "-5.3").follows, Follows::yes);
    EXPECT_EQ(check_percent("321.43", "304.50", "-4.6").follows, Follows::no);
}

TEST(Printed, HaltingSavings) {
    struct Row {
        const char *hops, *saving;
        Follows follows;
    };
    constexpr Row kRows[] = {{"2.82", "6.0", Follows::yes},
                             {"2.65", "11.6", Follows::within_rounding},
                             {"2.21", "26.3", Follows::yes},
                             {"2.58", "14.2", Follows::within_rounding},
                             {"2.44", "18.8", Follows::within_rounding},
                             {"2.25", "25.0", Follows::yes},
                             {"2.08", "30.7", Follows::yes},
                             {"2.08", "31.7", Follows::no}};
    for (const Row& row : kRows) {
        const auto check = check_saving(row.hops, 3, row.saving);
        EXPECT_EQ(check.follows, row.follows) << check.text;
    }
}

TEST(Printed, SpreadsAndStandardDeviations) {
    EXPECT_EQ(check_std({"33.93", "34.35", "34.37"}, "0.25").follows, Follows::yes);
    EXPECT_EQ(check_std({"34.62", "34.67", "34.67"}, "0.03").follows, Follows::yes);
    EXPECT_EQ(check_std({"34.11", "34.17", "34.02"}, "0.08").follows, Follows::yes);
    EXPECT_EQ(check_std({"34.59", "34.49", "34.72"}, "0.12").follows, Follows::yes);
    EXPECT_EQ(check_std({"34.05", "33.95", "34.14"}, "0.10").follows, Follows::yes);
    // Divided by n in place of n − 1.
    EXPECT_EQ(check_std({"33.93", "34.35", "34.37"}, "0.20").follows, Follows::no);
    EXPECT_EQ(check_ratio("0.60", "0.12", "5.0").follows, Follows::yes);
    EXPECT_EQ(check_ratio("0.60", "0.25", "2.4").follows, Follows::yes);
    EXPECT_EQ(check_ratio("0.607", "0.1125", "5.0").follows, Follows::no);
    // 2.7 / 0.4 is 6.75; 6.6 can only be saved by what was rounded away.
    const auto ratio = check_ratio("2.7", "0.4", "6.6");
    EXPECT_EQ(ratio.follows, Follows::within_rounding);
    EXPECT_NEAR(ratio.computed, 6.75, 1e-12);
    EXPECT_EQ(check_difference("33.93", "32.76", "1.17").follows, Follows::yes);
    EXPECT_EQ(check_difference("34.72", "33.93", "0.79").follows, Follows::yes);
    EXPECT_EQ(check_difference("34.72", "33.93", "0.75").follows, Follows::no);
}

TEST(Printed, IntervalsAgainstTheMargin) {
    // Wide–Deep: the plain interval touches, the one of blocks of 5 lies outside.
    EXPECT_EQ(check_interval("-0.030", "-0.017", 0.03), PrintedWithin::touching);
    EXPECT_EQ(check_interval("-0.031", "-0.019", 0.03), PrintedWithin::outside);
    EXPECT_EQ(check_interval("-0.029", "-0.019", 0.03), PrintedWithin::inside);
    EXPECT_EQ(check_interval("0.019", "0.030", 0.03), PrintedWithin::touching);
    EXPECT_EQ(check_interval("-0.010", "0.031", 0.03), PrintedWithin::outside);
    // "Typical width 0.008" of [−0.031, −0.015] is its half-width.
    EXPECT_EQ(check_difference("-0.015", "-0.031", "0.008").follows, Follows::no);
    EXPECT_EQ(check_difference("-0.015", "-0.031", "0.016").follows, Follows::yes);
}

TEST(Printed, TextThatIsNoNumberIsAFault) {
    for (const char* text : {"", "abc", "3.4x", "nan", "inf", "1e999"})
        EXPECT_THROW(Printed{text}, std::invalid_argument) << text;
    EXPECT_EQ(Printed("34.50").decimals, 2);
    EXPECT_EQ(Printed("-7").range(), (stats::Interval{-7.5, -6.5}));
}

}  // namespace
}  // namespace hopscope::core
