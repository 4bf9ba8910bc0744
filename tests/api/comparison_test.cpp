// What a comparison says at a margin, and the table of settings.
#include "core/api/comparison.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "core/api/settings_table.h"

namespace hopscope::core {
namespace {

/// Resampled evenly from `low` to `high`, which are its intervals, too.
VariantDifference even(double low, double high) {
    VariantDifference out;
    out.a = 0;
    out.b = 1;
    out.seeds_a = 3;
    out.seeds_b = 2;
    out.mean = (low + high) / 2;
    out.low90 = out.low95 = low;
    out.high90 = out.high95 = high;
    for (int i = 0; i <= 100; ++i) out.resampled.push_back(low + (high - low) * i / 100);
    return out;
}

// Wrong if a difference that matters were called equivalent, or an interval that touches the margin
// lay outside: the margin is closed.
TEST(Comparison, VerdictAtAMargin) {
    EXPECT_EQ(even(-0.01, 0.02).verdict(0.03), Verdict::equivalent);
    EXPECT_EQ(even(-0.01, 0.03).verdict(0.03), Verdict::equivalent);
    EXPECT_EQ(even(-0.01, 0.04).verdict(0.03), Verdict::undecided);
    EXPECT_EQ(even(0.01, 0.04).verdict(0.03), Verdict::different);
    EXPECT_EQ(even(0.01, 0.02).verdict(0.03), Verdict::both);
    EXPECT_EQ(VariantDifference{}.verdict(0.03), Verdict::undecided) << "nothing is known";
}

// Wrong if p did not count the worse of both ends.
TEST(Comparison, TostPOfBothEnds) {
    const VariantDifference d = even(-0.01, 0.04);
    // 0.03, 0.0305, … 0.04 of 101: 21, and one, of 102.
    EXPECT_NEAR(d.tost_p(0.03), 22.0 / 102, 0.011);
    EXPECT_TRUE(std::isnan(VariantDifference{}.tost_p(0.03)));
    const VariantDifference back = even(-0.04, 0.01);
    EXPECT_NEAR(back.tost_p(0.03), d.tost_p(0.03), 0.011) << "the ends count alike";
}

// Wrong if a difference were missed, or words kept their quotes.
TEST(SettingsTable, TellsWhatDiffers) {
    Config a, b;
    b.moe.top_k = a.moe.top_k + 1;
    const Config* both[] = {&a, &b};
    size_t differing = 0;
    for (const SettingRow& row : settings_table(both)) {
        ASSERT_EQ(row.values.size(), 2u);
        differing += row.differs;
        EXPECT_EQ(row.differs, row.key == "moe.top_k") << row.key;
        EXPECT_EQ(row.values[0].find('"'), std::string::npos) << row.key << row.values[0];
    }
    EXPECT_EQ(differing, 1u);
}

}  // namespace
}  // namespace hopscope::core
