// Analyses of router rows, of what entered the routers and of recorded text, with planted
// structure: if these fail, a gate is said to point where its tokens do not lie, experts of two
// models are matched wrongly, or a text is shown under an expert that never read it.
#include <cmath>
#include <gtest/gtest.h>
#include <memory>

#include "tests/analyses/planted_routing.h"

namespace hopscope::core::analysis {
namespace {

using namespace test;

/// Rows e_0 … e_15 of a space of 16, and inputs that are nearly the row of the first expert.
RecordedRouting with_inputs(int64_t texts, int64_t length, bool choices_follow) {
    const auto random = std::make_shared<Random>(8);
    auto out = PlantedRun::routing(texts, length, [&](int64_t, int64_t s, int64_t t) {
        const auto e = static_cast<int32_t>((s * length + t) % 16);
        return choices_follow ? std::vector<int32_t>{e} : drawn_set(*random, 1, 16);
    });
    RouterInputs& inputs = out.layers[1].inputs;
    inputs.width = 16;
    inputs.rows.assign(256, 0);
    for (size_t e = 0; e < 16; ++e) inputs.rows[17 * e] = 2;
    Random noise(9);
    for (int64_t i = 0; i < texts * length; ++i)
        for (int64_t j = 0; j < 16; ++j)
            inputs.position.push_back(
                static_cast<float>((i % 16 == j ? 1 : 0) + 3 + 0.1 * (noise.unit() - 0.5)));
    return out;
}

TEST(PlantedInputs, AGateThatPointsAtItsTokensIsFound) {
    PlantedRun run;
    const auto found = run.result("gate_against_use", {with_inputs(4, 64, true)});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 256);
    ASSERT_EQ(found.at("layers").size(), 1u) << "layer 0 has no inputs";
    const auto& layer = found.at("layers")[0];
    EXPECT_EQ(layer.at("layer"), 1);
    // All inputs have 3 in every place: what is common hides the rest until it is taken away.
    const double length = std::sqrt(16.0 + 15 * 9);
    EXPECT_NEAR(value_of(layer.at("cosine"), "experts"), 4 / length, 0.01);
    EXPECT_NEAR(value_of(layer.at("cosine_other_rows"), "experts"), 3 / length, 0.01);
    EXPECT_LT(layer.at("cosine_left").at("value").get<double>(),
              layer.at("cosine").at("value").get<double>() - 0.05);
    EXPECT_GT(layer.at("difference").at("ci95")[0].get<double>(), 0.05);
    EXPECT_NEAR(value_of(layer.at("centred"), "experts"), 1, 0.01);
    EXPECT_NEAR(value_of(layer.at("centred_other_rows"), "experts"), -1.0 / 15, 0.01);
    EXPECT_NEAR(value_of(layer.at("nearest"), "experts"), 1, 1e-12);
    EXPECT_NEAR(layer.at("nearest_by_chance").get<double>(), 1.0 / 16, 1e-12);
}

TEST(PlantedInputs, AGateThatHasNothingToDoWithItsTokensIsNotFound) {
    PlantedRun run;
    const auto found = run.result("gate_against_use", {with_inputs(16, 64, false)});
    const auto& layer = found.at("layers")[0];
    EXPECT_NEAR(layer.at("difference").at("value").get<double>(), 0, 0.02);
    EXPECT_LT(layer.at("nearest").at("value").get<double>(), 0.4);
    EXPECT_LT(std::fabs(layer.at("centred").at("value").get<double>()), 0.3);
    const auto none =
        run.result("gate_against_use", {PlantedRun::routing(1, 2, [](int64_t, int64_t, int64_t) {
                       return std::vector<int32_t>{1};
                   })});
    ASSERT_TRUE(none.is_string());
    EXPECT_NE(none.get<std::string>().find("--positions"), std::string::npos);
}

// A trace in another basis cannot be averaged with the first one.
TEST(PlantedInputs, InputsOfAnotherBasisAreLeftOut) {
    PlantedRun run;
    auto other = with_inputs(4, 64, true);
    for (float& x : other.layers[1].inputs.rows) x = -x;
    const auto found = run.result("gate_against_use", {with_inputs(4, 64, true), other});
    EXPECT_EQ(found.at("layers")[0].at("tokens"), 256);
}

TEST(PlantedInputs, DensityHasMarginsWhereInputsAreRecorded) {
    PlantedRun run;
    const auto found = run.result("density", {with_inputs(4, 64, true)});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 32);
    EXPECT_FALSE(found.at("layers")[0].contains("margin"));
    // Logits 2 (4 ± 0.05) of the chosen and 2 (3 ± 0.05) of the others, the largest of 15 counts.
    EXPECT_NEAR(value_of(found.at("layers")[1].at("margin"), "stretches"), 2 * 0.956, 0.02);
    EXPECT_GT(found.at("layers")[0].at("nearest_angle_degrees").get<double>(), 0);
    EXPECT_TRUE(found.at("layers")[0].at("folded").contains("effective_rank"));
    EXPECT_EQ(run.result("density", {}).at("layers").size(), 2u) << "rows alone are enough";
}

/// Another model whose expert (e + 1) mod 16 of layer 0 is expert e of the first.
std::vector<float> turned(const std::vector<float>& rows) {
    std::vector<float> out(rows.end() - PlantedRun::kWidth, rows.end());
    out.insert(out.end(), rows.begin(), rows.end() - PlantedRun::kWidth);
    return out;
}

TEST(PlantedInputs, ExpertsOfASecondModelAreMatchedByRowsAndTokens) {
    PlantedRun run, second;
    const std::string gate = "model.layers.0.block_sparse_moe.gate.weight";
    second.model.add(gate, {16, 6}, turned(run.model.values(gate)));
    const auto trace = [](int32_t turn) {
        auto out = PlantedRun::routing(2, 32, [&](int64_t l, int64_t, int64_t t) {
            return std::vector<int32_t>{static_cast<int32_t>((t + (l == 0 ? turn : 0)) % 16)};
        });
        for (int32_t i = 0; i < 64; ++i) out.tokens.push_back(i);
        return out;
    };
    const ImportedContext against{second.open(), {trace(1)}};
    const auto found = run.result("cross_seed", {trace(0)}, &against);
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 32);
    const auto &moved = found.at("layers")[0], &same = found.at("layers")[1];
    EXPECT_NEAR(value_of(moved.at("cosine"), "experts"), 1, 1e-5);
    EXPECT_NEAR(value_of(moved.at("same_partner"), "experts"), 0, 1e-12);
    EXPECT_NEAR(value_of(moved.at("mutual"), "experts"), 1, 1e-12);
    EXPECT_GT(moved.at("moved_degrees").at("value").get<double>(), 30);
    EXPECT_NEAR(value_of(same.at("own_cosine"), "experts"), 1, 1e-5);
    EXPECT_NEAR(value_of(same.at("moved_degrees"), "experts"), 0, 1e-5);
    EXPECT_NEAR(value_of(same.at("same_partner"), "experts"), 1, 1e-12);
    EXPECT_NEAR(value_of(same.at("length_ratio"), "experts"), 1, 1e-6);
    EXPECT_NEAR(value_of(moved.at("jaccard"), "experts"), 1, 1e-12);
    EXPECT_LT(moved.at("jaccard_random_best").get<double>(), 0.6);
    EXPECT_NE(run.tables.find("0,mlp,0,1,"), std::string::npos) << "expert 0 has partner 1";
    const auto alone = run.result("cross_seed", {trace(0)});
    ASSERT_TRUE(alone.is_string());
    EXPECT_NE(alone.get<std::string>().find("--against"), std::string::npos);
}

/// Two traces: id 7 goes to expert 3, each text begins at expert 2, the second trace ends in 9.
RecordedRouting labelled(int64_t trace) {
    auto out = PlantedRun::routing(4, 16, [&](int64_t, int64_t, int64_t t) {
        const int32_t first = t < 2 ? 2 : trace == 1 ? 9 : 10;
        return std::vector<int32_t>{first, t % 4 == 3 ? 3 : 4};
    });
    for (int32_t i = 0; i < 64; ++i) out.tokens.push_back(i % 4 == 3 ? 7 : 1);
    out.pieces = {{7, "\xe2\x96\x81the"}, {1, "x"}};
    return out;
}

TEST(PlantedInputs, SpecialisationIsByIdPlaceAndTrace) {
    PlantedRun run;
    const auto found = run.result("specialisation", {labelled(0), labelled(1)});
    ASSERT_TRUE(found.is_object()) << found;
    EXPECT_EQ(run.n, 128);
    const auto& layer = found.at("layers")[0];
    const auto strongest = [&](const char* what, int expert) {
        for (const auto& one : layer.at(what).at("top"))
            if (one.at("id") == expert) return one;
        return OrderedJson();
    };
    EXPECT_EQ(layer.at("vocabulary").at("ids"), 2);
    EXPECT_EQ(strongest("vocabulary", 3).at("pieces")[0].at("piece"), "\xe2\x96\x81the");
    EXPECT_EQ(strongest("vocabulary", 3).at("pieces")[0].at("share"), 1);
    EXPECT_EQ(strongest("position", 2).at("label"), "0 to 1");
    EXPECT_EQ(strongest("position", 2).at("share"), 1);
    EXPECT_NEAR(strongest("domain", 9).at("share").get<double>(), 14.0 / 16, 1e-9);
    EXPECT_EQ(strongest("domain", 9).at("label"), "trace 1");
    EXPECT_NEAR(layer.at("even_share").get<double>(), 2.0 / 16, 1e-12);
    auto without = labelled(0);
    without.tokens.clear();
    const auto bare = run.result("specialisation", {without}).at("layers")[0];
    EXPECT_FALSE(bare.contains("vocabulary"));
    EXPECT_TRUE(bare.contains("no_vocabulary"));
    EXPECT_FALSE(bare.contains("domain"));
    EXPECT_TRUE(bare.contains("position"));
}

TEST(PlantedInputs, ContextsAreTextAroundTheHeaviestUses) {
    PlantedRun run;
    auto trace = run.routing(2, 8, [](int64_t, int64_t s, int64_t t) {
        return std::vector<int32_t>{s == 0 && t == 0 ? 5 : s == 1 && t == 7 ? 5 : 6};
    });
    for (int32_t i = 0; i < 16; ++i) {
        trace.tokens.push_back(i);
        trace.pieces[i] = "\xe2\x96\x81" + std::string(1, static_cast<char>('a' + i));
    }
    for (size_t i = 0; i < 16; ++i)
        trace.layers[0].weights.push_back(0.25f + 0.03125f * static_cast<float>(i));
    const auto found = run.result("contexts", {trace});
    ASSERT_TRUE(found.is_object()) << found;
    const auto& experts = found.at("layers")[0].at("experts");
    ASSERT_EQ(experts.size(), 2u);
    EXPECT_EQ(experts[0].at("id"), 5);
    EXPECT_EQ(experts[0].at("uses"), 2);
    // The last token of the second text weighs more; a window ends where its text does.
    const auto &heavy = experts[0].at("top")[0], &light = experts[0].at("top")[1];
    EXPECT_EQ(heavy.at("token"), " p");
    EXPECT_EQ(heavy.at("before"), " i j k l m n o");
    EXPECT_EQ(heavy.at("after"), "");
    EXPECT_EQ(light.at("token"), " a");
    EXPECT_EQ(light.at("before"), "");
    EXPECT_EQ(light.at("after"), " b c d e");
    EXPECT_EQ(experts[1].at("sample").size(), 5u);
    // Without weights no use is the strongest.
    const auto& bare = found.at("layers")[1].at("experts");
    EXPECT_TRUE(bare[1].at("top").empty());
    EXPECT_EQ(bare[1].at("sample").size(), 5u);
    EXPECT_TRUE(bare[1].at("sample")[0].at("weight").is_null());
    trace.pieces.clear();
    const auto silent = run.result("contexts", {trace});
    ASSERT_TRUE(silent.is_string());
    EXPECT_NE(silent.get<std::string>().find("not in these traces"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core::analysis
