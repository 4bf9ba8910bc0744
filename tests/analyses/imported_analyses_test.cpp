// Analyses of an imported model on rows and choices whose numbers are known: if these fail, a
// published model is said to be other than its files and traces.
#include "core/analyses/imported_analyses.h"

#include <cmath>
#include <gtest/gtest.h>

#include "core/analyses/imported_rows.h"
#include "core/base/random.h"
#include "core/imported/import_model.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core::analysis {
namespace {

using namespace test;

class ImportedAnalyses : public testing::Test {
  protected:
    ImportedAnalyses() {
        model_.config["num_hidden_layers"] = 4;  // the first two are dense
        for (const int64_t l : {2, 3})
            model_.add("model.layers." + std::to_string(l) + ".mlp.gate.weight", {4, 3},
                       {1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0});
        model_.add("model.layers.3.post_attention_layernorm.weight", {3}, {1, 0, 0});
    }
    /// One result of an import with these traces: [tokens, 2 layers, 2 experts] each.
    OrderedJson result(const std::string& name, const std::vector<std::vector<int>>& traces) {
        model_.save();
        std::vector<std::string> files;
        for (const auto& ids : traces)
            files.push_back(model_.folder().write("t" + std::to_string(files.size()) + ".json",
                                                  sglang_reply(ids)));
        const auto text = import_model({model_.dir(), files, out_}, {});
        EXPECT_TRUE(text) << text.error().message;
        const auto run = ImportedRun::open(out_);
        ImportedContext context{*run};
        for (const std::string& trace : run->traces()) context.traces.push_back(*run->trace(trace));
        for (const ImportedAnalysis& one : imported_analyses())
            if (one.name == name) {
                auto output = run_imported(one, context);
                if (!output) return output.error().message;
                n_ = output->n;
                for (const Table& table : output->tables) tables_ += table.csv();
                return output->result.json();
            }
        return "no such analysis";
    }
    TinyModel model_;
    std::string out_ = model_.folder() / "run", tables_;
    int64_t n_ = 0;
};

// Three tokens: in layer 2 sets {0, 1}, {0, 1}, {0, 2}; in layer 3 {0, 1}, {2, 3}, {3, 2}.
const std::vector<int> kThree = {0, 1, 1, 0, 1, 0, 2, 3, 0, 2, 3, 2};
const std::vector<int> kOne = {3, 0, 1, 2};

TEST_F(ImportedAnalyses, LoadCountsAllTraces) {
    const auto found = result("load", {kThree, kOne});
    EXPECT_EQ(n_, 4);
    ASSERT_EQ(found.at("layers").size(), 2u);
    const auto& layer = found.at("layers")[0];
    EXPECT_EQ(layer.at("layer"), 2);
    EXPECT_EQ(layer.at("router"), "mlp");
    EXPECT_EQ(layer.at("tokens"), 4);
    EXPECT_EQ(layer.at("counts"), OrderedJson({4, 2, 1, 1}));
    EXPECT_EQ(layer.at("max_over_mean"), 2);
    EXPECT_EQ(layer.at("dead"), 0);
    EXPECT_EQ(found.at("layers")[1].at("counts"), OrderedJson({1, 2, 3, 2}));
    EXPECT_NE(tables_.find("layer,expert,choices\n2,0,4\n"), std::string::npos) << tables_;
}

// A server may leave out the first tokens: parts of the text that no token is in have no share.
TEST_F(ImportedAnalyses, PlacesBeginWhereTheRecordingDoes) {
    RecordedRouting routing;
    routing.sequences = 2;
    routing.length = 2;
    routing.skipped = {3, 20};
    routing.layers = {{2, kOwnPool, 4, 2, {0, 1, 2, 3, 0, 1, 0, 2}, {}, {}, {}}};
    model_.save();
    ASSERT_TRUE(import_model({model_.dir(), {}, out_}, {}));
    const auto run = ImportedRun::open(out_);
    ImportedContext context{*run, {routing}};
    const auto which = std::ranges::find(imported_analyses(), std::string_view("specialisation"),
                                         &ImportedAnalysis::name);
    const auto found = run_imported(*which, context);
    ASSERT_TRUE(found) << found.error().message;
    const auto position = found->result.json().at("layers")[0].at("position");
    EXPECT_TRUE(std::isfinite(position.at("largest_share").at("value").get<double>()));
    for (const auto& expert : position.at("top")) EXPECT_TRUE(expert.at("share").is_number());
    std::string labels;
    for (const Table& table : found->tables) labels += table.csv();
    EXPECT_NE(labels.find("3 to 4"), std::string::npos) << labels;
    EXPECT_EQ(labels.find(",,"), std::string::npos) << labels;
}

TEST(CentredRows, ChanceOfTheirCosines) {
    EXPECT_EQ(centred_squared_cosine(2, 5), 1);
    EXPECT_EQ(centred_squared_cosine(7, 1), 1);
    EXPECT_TRUE(std::isnan(centred_squared_cosine(1, 5)));
    // Drawn: 2,000 times 4 directions of 6 dimensions.
    double sum = 0;
    Random random(3);
    constexpr int kTimes = 2000, kRows = 4, kDimensions = 6;
    for (int t = 0; t < kTimes; ++t) {
        double rows[kRows][kDimensions], mean[kDimensions] = {};
        for (auto& row : rows)
            for (int i = 0; i < kDimensions; ++i) {
                row[i] = -6;  // of twelve even ones, nearly normal
                for (int n = 0; n < 12; ++n) row[i] += random.unit();
                mean[i] += row[i] / kRows;
            }
        double dot = 0, a = 0, b = 0;
        for (int i = 0; i < kDimensions; ++i) {
            const double x = rows[0][i] - mean[i], y = rows[1][i] - mean[i];
            dot += x * y;
            a += x * x;
            b += y * y;
        }
        sum += dot * dot / (a * b) / kTimes;
    }
    EXPECT_NEAR(centred_squared_cosine(kRows, kDimensions), sum, 0.02);
    EXPECT_NEAR(centred_squared_cosine(64, 2048), 0.00074, 5e-6);
}

TEST_F(ImportedAnalyses, JaccardIsBetweenLayersByTheirOwnNumbers) {
    const auto found = result("jaccard", {kThree});
    ASSERT_EQ(found.at("between_layers").size(), 1u);
    const auto& pair = found.at("between_layers")[0];
    EXPECT_EQ(pair.at("layers"), OrderedJson({2, 3}));
    EXPECT_NEAR(pair.at("jaccard").at("value").get<double>(), (1 + 0 + 1.0 / 3) / 3, 1e-12);
    // Two of four drawn twice: 2 in common 1/6, 1 in common 4/6, none 1/6.
    EXPECT_NEAR(pair.at("random").get<double>(), 1.0 / 6 + 4.0 / 6 / 3, 1e-12);
    EXPECT_EQ(pair.at("jaccard").at("over"), "stretches");
}

// Two traces, each of one layer only, have no token in both.
TEST_F(ImportedAnalyses, JaccardIsOfTokensThatBothLayersHave) {
    const auto routing = [](int64_t layer) {
        RecordedRouting out;
        out.sequences = 1;
        out.length = 2;
        out.layers = {{layer, kOwnPool, 4, 2, {0, 1, 2, 3}, {}, {}, {}}};
        return out;
    };
    model_.save();
    ASSERT_TRUE(import_model({model_.dir(), {}, out_}, {}));
    const auto run = ImportedRun::open(out_);
    ImportedContext context{*run, {routing(2), routing(3)}};
    const auto jaccard = std::ranges::find(imported_analyses(), std::string_view("jaccard"),
                                           &ImportedAnalysis::name);
    const auto found = run_imported(*jaccard, context);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->result.json().at("between_layers").size(), 0u);
    // And traces of different k are not one trace.
    context.traces[1].layers[0] = {3, kOwnPool, 4, 1, {0, 1}, {}, {}, {}};
    const auto mixed = run_imported(*jaccard, context);
    ASSERT_FALSE(mixed);
    EXPECT_NE(mixed.error().message.find("2 and 1"), std::string::npos);
}

TEST_F(ImportedAnalyses, CoactivationIsTheShareOfUsesTogether) {
    const auto found = result("coactivation", {kThree});
    const auto& pairs = found.at("layers")[1].at("pairs");
    ASSERT_FALSE(pairs.empty());
    EXPECT_EQ(found.at("layers")[1].at("layer"), 3);
    EXPECT_EQ(pairs[0].at("expert"), 0);
    EXPECT_EQ(pairs[0].at("other"), 1);
    EXPECT_EQ(pairs[0].at("together"), 1);
    const auto& layer2 = found.at("layers")[0].at("pairs");
    const auto row = std::find_if(layer2.begin(), layer2.end(), [](const auto& pair) {
        return pair.at("expert") == 0 && pair.at("other") == 1;
    });
    ASSERT_NE(row, layer2.end());
    EXPECT_NEAR(row->at("share").at("value").get<double>(), 2.0 / 3, 1e-12);
    // All three tokens chose 0, and two of them 1 for the place that is left.
    EXPECT_NEAR(row->at("expected").get<double>(), 2.0 / 3, 1e-12);
}

TEST_F(ImportedAnalyses, CollinearityIsOfRowsAndOfWhatSoftmaxSees) {
    const auto found = result("collinearity", {});
    EXPECT_EQ(n_, 8);
    const auto& plain = found.at("layers")[0];
    // Unit rows e1, e2, e3, e1: one pair of six is parallel.
    EXPECT_NEAR(plain.at("mean_cosine").get<double>(), 1.0 / 6, 1e-6);
    EXPECT_NEAR(plain.at("nearest_cosine").get<double>(), 2.0 / 4, 1e-6);
    EXPECT_EQ(plain.at("gain_found"), false);
    EXPECT_NE(plain.at("folded").at("mean_cosine"), plain.at("mean_cosine"));
    // Of layer 3 the gain leaves one direction: 1, 0, 0, 2 less 0.75 are two and two.
    const auto& gained = found.at("layers")[1];
    EXPECT_EQ(gained.at("gain_found"), true);
    EXPECT_NEAR(gained.at("mean_cosine").get<double>(), 1.0 / 6, 1e-6);
    EXPECT_NEAR(gained.at("folded").at("mean_cosine").get<double>(), (2.0 - 4) / 6, 1e-6);
    EXPECT_NEAR(gained.at("folded").at("effective_rank").get<double>(), 1, 1e-6);
    EXPECT_NE(tables_.find("3,mlp,folded,"), std::string::npos);
}

TEST_F(ImportedAnalyses, ARouterWithoutNumbersSaysSo) {
    model_.add("model.layers.2.mlp.gate.weight", {4, 3}, {NAN});
    const auto found = result("collinearity", {});
    EXPECT_NE(found.at("layers")[0].at("reason").get<std::string>().find("not finite"),
              std::string::npos);
    EXPECT_EQ(found.at("layers")[1].count("reason"), 0u);
}

TEST_F(ImportedAnalyses, WhatATraceLacksIsSaid) {
    const auto none = result("load", {});
    ASSERT_TRUE(none.is_string());
    EXPECT_NE(none.get<std::string>().find("--trace FILE"), std::string::npos);
    std::filesystem::remove_all(out_);
    const auto confidence = result("confidence", {kThree});
    ASSERT_TRUE(confidence.is_string());
    EXPECT_NE(confidence.get<std::string>().find("not in these traces"), std::string::npos);
}

TEST_F(ImportedAnalyses, ConfidenceIsThatOfTheTrace) {
    model_.save();
    const std::vector<int32_t> experts = {0, 1, 2, 3};
    const std::vector<float> entropy = {1.0f, 0.5f}, max_prob = {0.25f, 0.75f};
    const std::string file = model_.folder() / "own.safetensors";
    ASSERT_TRUE(
        write_safetensors(file,
                          {{"layers.3.hops.0.experts", "I32", {1, 2, 2}, experts.data(), 16},
                           {"layers.3.hops.0.entropy", "F32", {1, 2}, entropy.data(), 8},
                           {"layers.3.hops.0.max_prob", "F32", {1, 2}, max_prob.data(), 8}},
                          {{"format", "hopscope.routing/1"}}));
    ASSERT_TRUE(import_model({model_.dir(), {file}, out_}, {}));
    const auto run = ImportedRun::open(out_);
    ImportedContext context{*run};
    context.traces.push_back(*run->trace("own"));
    for (const ImportedAnalysis& one : imported_analyses()) {
        if (one.name != std::string("confidence")) continue;
        const auto output = run_imported(one, context);
        ASSERT_TRUE(output) << output.error().message;
        const auto json = output->result.json();
        ASSERT_EQ(json.at("layers").size(), 1u);
        EXPECT_EQ(json.at("layers")[0].at("layer"), 3);
        EXPECT_NEAR(json.at("layers")[0].at("entropy").get<double>(), 0.75, 1e-6);
        EXPECT_NEAR(json.at("layers")[0].at("max_prob").get<double>(), 0.5, 1e-6);
        EXPECT_NEAR(json.at("layers")[0].at("uniform_entropy").get<double>(), std::log(4.0), 1e-9);
    }
}

}  // namespace
}  // namespace hopscope::core::analysis
