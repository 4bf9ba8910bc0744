// What the intervene panel shows of an effect, without a screen.
#include "app/panels/intervene/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "app/widgets/format.h"
#include "core/api/arguments.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::parsed;

core::InterventionEffect measured() {
    core::InterventionEffect e;
    e.request.seed = 9;
    e.whole = true;
    e.step = 40;
    e.tokens = 6;
    e.target = {"a", 3, 0, 0.5, 0.25, {0.48, 0.01}};
    e.nll_base = -std::log(0.5);
    e.nll_changed = -std::log(0.25);
    e.kl = 0.3;
    e.next = {{"a", 3, 0, 0.5, 0.25, {0.48, 0.01}},
              {"b,\"", 4, 0, 0.2, 0.6, {0.2, 0.02}},
              {"c", 5, 0, 0.1, 0.05, {0.1, 0.0}}};
    e.token_changed = true;
    e.groups = {{"time", -1, 12, 0.1, 0.2, {0.11, 0.03}}};
    e.jaccard = {1.0, 0.5, std::nan("")};
    e.control_draws = 4;
    e.control_kls = {0.01, 0.02, 0.31, 0.1};
    e.control_kl = {0.11, 0.1389};
    e.control_changed = 0.25;
    e.control_jaccard = {{1, 0}, {0.9, 0.05}, {}};
    e.doses = {{0, 0, 0.5, 0.69, false, {0, 0}, {0.5, 0}, ""},
               {1, 0.3, 0.25, 1.39, true, {0.1, 0.02}, {0.48, 0.01}, ""},
               {2, 0, 0, 0, false, {}, {}, "too far"}};
    return e;
}

// Wrong if a number lost its sign, its control or its definition.
TEST(InterveneView, NumbersStandBesideChance) {
    const auto rows = numbers_of(measured());
    const auto row = [&](const std::string& label) {
        for (const auto& r : rows)
            if (r.label == label) return r;
        ADD_FAILURE() << label;
        return NumberRow{};
    };
    EXPECT_EQ(row("KL, nats").after, "0.300");
    EXPECT_EQ(row("KL, nats").control, "0.11 ± 0.14");
    EXPECT_EQ(row("P(a)").change, "−0.25");
    EXPECT_EQ(row("P(a)").control, "−0.020 ± 0.010");
    EXPECT_EQ(row("P(time)").change, "+0.10");
    EXPECT_NE(row("P(time)").why.find("12 single-token words"), std::string::npos);
    EXPECT_EQ(row("likeliest token").before, "a");
    auto wordless = measured();
    wordless.groups[0].words = 0;
    EXPECT_EQ(numbers_of(wordless)[3].after, kNothing) << "a list without a token is not P = 0";
    EXPECT_EQ(row("likeliest token").control, "25 % changed");
    EXPECT_EQ(row("Jaccard, mean").after, "0.750");
    for (const auto& r : rows) {
        EXPECT_FALSE(r.why.empty()) << r.label;
        EXPECT_NE(r.label, "Jaccard, layer 2") << "a layer that does not route has none";
    }
    EXPECT_NE(row("KL, nats").why.find("n = 4 draws, seed 9"), std::string::npos);
    EXPECT_EQ(beside_chance(measured()), "KL is above 3 of 4 random controls");
    auto alone = measured();
    alone.control_kls.clear();
    alone.control_draws = 0;
    alone.control_reason = "top_k = 1";
    EXPECT_EQ(beside_chance(alone), "");
    EXPECT_NE(numbers_of(alone)[0].why.find("top_k = 1"), std::string::npos);
}

TEST(InterveneView, BarsAndDosesKeepTheirOrder) {
    // Wrong if the token that the intervention made likely fell out of the list, or a failed dose
    // was drawn as zero.
    const auto rows = next_rows(measured(), 2);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].id, 4);
    EXPECT_EQ(rows[1].id, 3);
    EXPECT_DOUBLE_EQ(largest(rows), 0.6);
    const auto kl = dose_curve(measured(), DoseValue::kl);
    EXPECT_EQ(kl.factor, (std::vector<double>{0, 1}));
    EXPECT_EQ(kl.value, (std::vector<double>{0, 0.3}));
    EXPECT_NEAR(kl.control_high[1], 0.12, 1e-12);
    EXPECT_EQ(dose_curve(measured(), DoseValue::p_target).value[1], 0.25);
    auto wide = measured();
    wide.doses[1].control_kl.std = 5;
    wide.doses[1].control_p_target.std = 5;
    EXPECT_EQ(dose_curve(wide, DoseValue::kl).control_low[1], 0) << "no divergence is negative";
    EXPECT_GT(dose_curve(wide, DoseValue::kl).control_high[1], 5) << "it may be large";
    EXPECT_EQ(dose_curve(wide, DoseValue::p_target).control_low[1], 0);
    EXPECT_EQ(dose_curve(wide, DoseValue::p_target).control_high[1], 1) << "nor is P above 1";
    EXPECT_FALSE(core::has_dose({parsed(R"({"command": "zero_experts"})")}));
    EXPECT_TRUE(core::has_dose({parsed(R"({"command": "boost", "layer": 0, "expert": 1,
                                     "strength": 2})")}));
}

TEST(InterveneView, CsvReadsBack) {
    // Wrong if a piece with a comma or a quote broke the table, or a number was rounded.
    const std::string csv = effect_csv(measured());
    EXPECT_NE(csv.find("\np_next,\"b,\"\"\",probability,0.20000000000000001,"), std::string::npos)
        << csv;
    EXPECT_NE(csv.find("\nkl,,nats,0,0.29999999999999999,0.11,"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",4,9,40\n"), std::string::npos);
    EXPECT_EQ(words_of(" before,after;  then "),
              (std::vector<std::string>{"before", "after", "then"}));
}

}  // namespace
}  // namespace hopscope::app
