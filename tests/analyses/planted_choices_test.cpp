// Analyses of recorded choices with planted structure: if these fail, a committee, a set, a domain
// or a path through the layers is found where none is, or overlooked where one was put.
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <set>

#include "tests/analyses/planted_routing.h"

namespace hopscope::core::analysis {
namespace {

using namespace test;

constexpr double kAll = 1e-12;

/// Expert 3 serves every token, 5 three of five, the rest are drawn from 6 … 15.
Choose committee(std::shared_ptr<Random> random, bool with_five) {
    return [random, with_five](int64_t, int64_t, int64_t t) {
        std::vector<int32_t> set = {3};
        if (with_five && t % 5 < 3) set.push_back(5);
        const auto rest = drawn_set(*random, 4 - set.size(), 16, 6);
        set.insert(set.end(), rest.begin(), rest.end());
        return set;
    };
}

TEST(PlantedChoices, TheCommitteeIsFoundWithItsShares) {
    PlantedRun run;
    auto trace = run.routing(12, 20, committee(std::make_shared<Random>(1), true));
    auto& weights = trace.layers[0].weights;
    for (const int32_t e : trace.layers[0].chosen) weights.push_back(e == 3 ? 0.7f : 0.1f);
    const auto found = run.result("standing_committee", {trace});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 240);
    const auto& layer = found.at("layers")[0];
    EXPECT_NEAR(layer.at("uniform_share").get<double>(), 0.25, kAll);
    const auto& thresholds = layer.at("thresholds");
    ASSERT_EQ(thresholds.size(), 3u);
    EXPECT_EQ(thresholds[1].at("above"), 0.5);
    EXPECT_EQ(thresholds[1].at("experts"), OrderedJson({3, 5}));
    EXPECT_EQ(thresholds[2].at("experts"), OrderedJson({3}));
    EXPECT_NEAR(value_of(thresholds[2].at("weight_share"), "texts"), 0.7, 1e-6);
    EXPECT_NEAR(value_of(thresholds[2].at("choices_share"), "texts"), 0.25, kAll);
    EXPECT_NEAR(value_of(thresholds[1].at("choices_share"), "texts"), 1.6 / 4, kAll);
    EXPECT_NEAR(thresholds[1].at("uniform_choices_share").get<double>(), 2.0 / 16, kAll);
    EXPECT_EQ(layer.at("experts")[0].at("id"), 3);
    EXPECT_NEAR(value_of(layer.at("experts")[0].at("share"), "texts"), 1, kAll);
    EXPECT_NEAR(value_of(layer.at("experts")[1].at("share"), "texts"), 0.6, kAll);
    // The other layer has choices alone.
    EXPECT_FALSE(found.at("layers")[1].at("weights_found").get<bool>());
    EXPECT_FALSE(found.at("layers")[1].at("thresholds")[0].contains("weight_share"));
}

TEST(PlantedChoices, ACommitteeOfOneTraceIsNoneOfAll) {
    PlantedRun run;
    const auto random = std::make_shared<Random>(2);
    const auto found =
        run.result("standing_committee", {run.routing(12, 20, committee(random, true)),
                                          run.routing(12, 20, committee(random, false))});
    const auto& at = found.at("layers")[0].at("thresholds")[0];
    // Expert 5 has 0.6 of one half of the tokens; of the drawn ones, some are above a quarter.
    const auto experts = at.at("experts").get<std::set<int>>();
    EXPECT_TRUE(experts.contains(5) && experts.contains(3));
    const auto everywhere = at.at("in_every_trace").get<std::set<int>>();
    EXPECT_TRUE(everywhere.contains(3));
    EXPECT_FALSE(everywhere.contains(5));
}

/// Pairs: tokens of id 7 take {0, 1}, the others a pair of 2 … 15.
TEST(PlantedChoices, ASetThatBelongsTogetherIsAboveWhatItsSharesGive) {
    PlantedRun run;
    Random random(3);
    auto trace = run.routing(10, 40, [&](int64_t, int64_t, int64_t t) {
        return t % 4 == 0 ? std::vector<int32_t>{1, 0} : drawn_set(random, 2, 16, 2);
    });
    for (int64_t i = 0; i < 400; ++i)
        trace.tokens.push_back(i % 4 == 0 ? 7 : 100 + static_cast<int32_t>(i % 3));
    trace.pieces = {{7, " the"}};
    const auto found = run.result("expert_sets", {trace});
    ASSERT_TRUE(found.is_object()) << found;
    const auto& sizes = found.at("layers")[0].at("sizes");
    ASSERT_EQ(sizes.size(), 1u);
    EXPECT_EQ(sizes[0].at("whole"), true);
    const auto& set = sizes[0].at("sets")[0];
    EXPECT_EQ(set.at("experts"), OrderedJson({0, 1}));
    EXPECT_EQ(set.at("count"), 100);
    EXPECT_NEAR(value_of(set.at("share"), "texts"), 0.25, kAll);
    // 0 and 1 stand in a quarter of the sets each; by themselves they meet in about one of 30.
    EXPECT_GT(set.at("ratio").get<double>(), 6);
    EXPECT_LT(set.at("ratio").get<double>(), 9);
    EXPECT_EQ(set.at("tokens")[0].at("id"), 7);
    EXPECT_EQ(set.at("tokens")[0].at("count"), 100);
    EXPECT_EQ(set.at("tokens")[0].at("share_of_id"), 1);
    EXPECT_EQ(set.at("tokens")[0].at("piece"), " the");
}

TEST(PlantedChoices, SetsOfExpertsThatComeByThemselvesAreAsExpected) {
    PlantedRun run;
    Random random(4);
    // Expert 0 in every second set, and still nothing to do with the others.
    const auto trace = run.routing(20, 200, [&](int64_t, int64_t, int64_t) {
        auto set = drawn_set(random, 4, 16, 1);
        if (random.chance(0.5)) set[0] = 0;
        return set;
    });
    const auto found = run.result("expert_sets", {trace});
    const auto& sizes = found.at("layers")[0].at("sizes");
    ASSERT_EQ(sizes.size(), 3u);
    EXPECT_EQ(sizes[0].at("size"), 2);
    for (const auto& pair : sizes[0].at("sets")) {
        EXPECT_EQ(pair.at("experts")[0], 0) << "the most frequent pairs hold the frequent expert";
        // Of 4,000 tokens some 430 have it; the most frequent of 15 lies a little above.
        EXPECT_NEAR(pair.at("ratio").get<double>(), 1, 0.12);
    }
    EXPECT_EQ(sizes[1].at("size"), 3);
    EXPECT_EQ(sizes[2].at("whole"), true);
}

TEST(PlantedChoices, ExpertsThatAreAloneAreNoSets) {
    PlantedRun run;
    const auto trace = run.routing(2, 5, [](int64_t, int64_t, int64_t t) {
        return std::vector<int32_t>{static_cast<int32_t>(t)};
    });
    const auto found = run.result("expert_sets", {trace});
    ASSERT_TRUE(found.is_string());
    EXPECT_NE(found.get<std::string>().find("one expert"), std::string::npos);
    const auto empty = run.routing(2, 5, [](int64_t, int64_t, int64_t) {
        return std::vector<int32_t>{-1, -1};
    });
    for (const ImportedAnalysis& any : imported_analyses())
        if (any.asks == Asks::trace) {
            const auto nothing = run.result(any.name, {empty});
            EXPECT_TRUE(nothing.is_string() || run.n == 0) << any.name;
        }
}

TEST(PlantedChoices, DomainsThatGoToOtherExpertsAreApart) {
    PlantedRun run;
    Random random(5);
    const auto low = run.routing(
        8, 20, [&](int64_t l, int64_t, int64_t) { return drawn_set(random, 2, l == 0 ? 8 : 16); });
    const auto high = run.routing(8, 20, [&](int64_t l, int64_t, int64_t) {
        return drawn_set(random, 2, 16, l == 0 ? 8 : 0);
    });
    const auto found = run.result("domains", {low, high});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 16);
    EXPECT_EQ(found.at("tests"), 2);
    const auto& layers = found.at("pairs")[0].at("layers");
    ASSERT_EQ(layers.size(), 2u);
    EXPECT_NEAR(value_of(layers[0].at("distance"), "texts"), 1, kAll);
    EXPECT_LT(layers[0].at("null95")[1].get<double>(), 0.8);
    // 12,870 arrangements of 16 texts, of which two are as far apart as they are.
    EXPECT_LT(layers[0].at("p").get<double>(), 0.002);
    EXPECT_NEAR(layers[0].at("p_holm").get<double>(), 2 * layers[0].at("p").get<double>(), kAll);
    const auto& expert = layers[0].at("experts")[0];
    EXPECT_NEAR(std::fabs(value_of(expert.at("difference"), "texts")),
                std::fabs(expert.at("share_a").get<double>() - expert.at("share_b").get<double>()),
                kAll);
    // Layer 1 draws both from all experts.
    EXPECT_GT(layers[1].at("p").get<double>(), 0.02);
    EXPECT_EQ(layers[1].at("p_holm"), layers[1].at("p"));
    EXPECT_LT(layers[1].at("distance").at("value").get<double>(),
              layers[1].at("null95")[1].get<double>());
}

TEST(PlantedChoices, DomainsAskForTextsOfTwoKinds) {
    PlantedRun run;
    const Choose any = [](int64_t, int64_t, int64_t t) {
        return std::vector<int32_t>{static_cast<int32_t>(t)};
    };
    const auto one = run.result("domains", {run.routing(8, 5, any)});
    ASSERT_TRUE(one.is_string());
    EXPECT_NE(one.get<std::string>().find("--trace for each"), std::string::npos);
    const auto few = run.result("domains", {run.routing(8, 5, any), run.routing(1, 5, any)});
    ASSERT_TRUE(few.is_string());
    EXPECT_NE(few.get<std::string>().find("has 1, at least 4"), std::string::npos) << few;
}

TEST(PlantedChoices, AnExpertThatTellsTheNextOneHasAllItsInformation) {
    PlantedRun run;
    const auto trace = run.routing(10, 64, [](int64_t l, int64_t, int64_t t) {
        const auto e = static_cast<int32_t>(t % 16);
        return std::vector<int32_t>{l == 0 ? e : (5 * e + 3) % 16};
    });
    const auto found = run.result("succession", {trace});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 640);
    const auto& layers = found.at("between_layers")[0];
    EXPECT_EQ(layers.at("layers"), OrderedJson({0, 1}));
    EXPECT_NEAR(value_of(layers.at("information"), "texts"), std::log(16.0), 1e-9);
    EXPECT_NEAR(layers.at("next_entropy").get<double>(), std::log(16.0), 1e-9);
    EXPECT_LT(layers.at("null_mean").get<double>(), 0.3);
    EXPECT_NEAR(layers.at("p").get<double>(), 1.0 / 1001, kAll);
    ASSERT_EQ(layers.at("pairs").size(), 10u);
    const auto& pair = layers.at("pairs")[0];
    EXPECT_EQ(pair.at("expert"), 0);
    EXPECT_EQ(pair.at("next"), 3);
    EXPECT_EQ(pair.at("together"), 40);
    EXPECT_NEAR(pair.at("expected").get<double>(), 2.5, kAll);
    EXPECT_NEAR(value_of(pair.at("share"), "texts"), 1, kAll);
}

TEST(PlantedChoices, LayersWithNothingInCommonAreWithinTheNull) {
    PlantedRun run;
    Random random(6);
    const auto trace =
        run.routing(10, 300, [&](int64_t, int64_t, int64_t) { return drawn_set(random, 2, 16); });
    const auto found = run.result("succession", {trace});
    const auto& layers = found.at("between_layers")[0];
    EXPECT_GT(layers.at("p").get<double>(), 0.02);
    EXPECT_EQ(layers.at("null_tokens"), 2048);
    EXPECT_LT(std::fabs(layers.at("excess").get<double>()), 0.01);
    const auto alone =
        run.result("succession", {run.routing(
                                     2, 5,
                                     [](int64_t, int64_t, int64_t t) {
                                         return std::vector<int32_t>{static_cast<int32_t>(t)};
                                     },
                                     1)});
    ASSERT_TRUE(alone.is_string());
    EXPECT_NE(alone.get<std::string>().find("two layers"), std::string::npos);
}

TEST(PlantedChoices, SaturationIsTheOverlapOfTwoRecordings) {
    PlantedRun run;
    const auto with = [&](int32_t second) {
        auto out = run.routing(2, 4, [&](int64_t l, int64_t, int64_t) {
            return std::vector<int32_t>{0, l == 0 ? second : 1};
        });
        for (int32_t i = 0; i < 8; ++i) out.tokens.push_back(i);
        return out;
    };
    const auto found = run.result("saturation", {with(1), with(2)});
    ASSERT_TRUE(found.is_object()) << found;
    ASSERT_EQ(found.at("pairs").size(), 1u);
    const auto& pair = found.at("pairs")[0];
    EXPECT_NEAR(value_of(pair.at("layers")[0].at("saturation"), "stretches"), 0.5, kAll);
    EXPECT_NEAR(value_of(pair.at("layers")[1].at("saturation"), "stretches"), 1, kAll);
    EXPECT_NEAR(value_of(pair.at("mean"), "stretches"), 0.75, kAll);
    EXPECT_NEAR(pair.at("chance").get<double>(), 2.0 / 16, kAll);
    // Another run's recording of the same tokens, with weights of which another one is the largest.
    auto a = with(1), b = with(1);
    a.layers[0].weights.assign(16, 0.5f);
    b.layers[0].weights.assign(16, 0.5f);
    for (size_t t = 0; t < 8; ++t) a.layers[0].weights[2 * t] = 0.6f;
    for (size_t t = 0; t < 8; ++t) b.layers[0].weights[2 * t + (t < 2 ? 1 : 0)] = 0.6f;
    PlantedRun second;
    const ImportedContext against{second.open(), {b}};
    const auto both = run.result("saturation", {a}, &against);
    ASSERT_TRUE(both.is_object()) << both;
    const auto& first = both.at("pairs")[0].at("layers")[0];
    EXPECT_NEAR(value_of(first.at("first"), "stretches"), 0.75, kAll);
    EXPECT_NEAR(value_of(first.at("saturation"), "stretches"), 1, kAll);
    auto other = with(1);
    other.tokens[3] = 99;
    const auto none = run.result("saturation", {with(1), other});
    ASSERT_TRUE(none.is_string());
    EXPECT_NE(none.get<std::string>().find("--against"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core::analysis
