// Documents of the analysis "coupling" as the panel reads them, without a window.
#include "app/panels/coupling/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/made_up_coupling.h"

namespace hopscope::app {
namespace {

using gui_test::made_up_coupling;

Coupling read(double cosine = 0.3) {
    auto read = read_coupling(made_up_coupling(cosine, 300), gui_test::kMadeUpExperts);
    EXPECT_TRUE(read) << read.error().message;
    return read ? *read : Coupling{};
}

// Wrong if a number of the document came without its interval, its n, or the chance beside it.
TEST(Coupling, EachNumberHasItsIntervalAndItsChance) {
    const Coupling c = read();
    EXPECT_EQ(c.step, 300);
    ASSERT_EQ(c.layers.size(), 2u);
    ASSERT_EQ(c.of(0).alignment.size(), 1u);
    const AlignmentRow& row = c.of(0).alignment.front();
    EXPECT_EQ(row.hop, -1);
    EXPECT_DOUBLE_EQ(row.chance, 0.0104);
    EXPECT_NEAR(row.cosine.value, 0.3, 1e-6);
    EXPECT_NEAR(row.cosine.low, 0.25, 1e-6);
    EXPECT_NEAR(row.cosine.high, 0.35, 1e-6);
    EXPECT_EQ(row.cosine.n, 2);
    EXPECT_DOUBLE_EQ(row.cosine_mismatched, -0.001);
    EXPECT_NEAR(c.of(1).spearman.median.value, 0.5, 1e-6);
    EXPECT_DOUBLE_EQ(c.of(-1).spearman.sign_p, 0.031);
    EXPECT_EQ(c.pairs, 9000);
    EXPECT_NEAR(c.of(-1).gradient.cosine.value, 0.06, 1e-6);
    EXPECT_NEAR(c.of(0).gradient.cosine.value, 0.06, 1e-6);
    EXPECT_DOUBLE_EQ(c.of(0).gradient.router_weights.effective_rank, 13.3);
    EXPECT_EQ(c.ranks.size(), 2u);
    EXPECT_TRUE(c.of(9).alignment.empty());
}

// Wrong if a matrix of a published model were said to do what that of a run of the same name does.
TEST(Coupling, OfAnImportedModelDownWritesAndUpReads) {
    const auto c = read_coupling(gui_test::made_up_import_coupling(), "");
    ASSERT_TRUE(c) << c.error().message;
    ASSERT_EQ(c->layers.size(), 2u);
    const auto& rows = c->of(-1).alignment;
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(matrix_words(rows[0]), "reads (gate)");
    EXPECT_EQ(matrix_words(rows[1]), "reads (up), attention");
    EXPECT_EQ(matrix_words(rows[2]), "writes (down)");
    EXPECT_EQ(matrix_words(c->of(1).alignment[1]), "reads (up)");
    EXPECT_EQ(matrix_words(read().of(0).alignment[0]), "reads (down)") << "of a run";
    EXPECT_TRUE(c->deciles.empty());
    EXPECT_NE(csv_of(*c).find("all,score of own expert up of attention,0.5,"), std::string::npos);
}

// Wrong if deciles had quartiles of another, or their level were not where all would be equal.
TEST(Coupling, DecilesHaveQuartilesAndALevel) {
    const Coupling c = read();
    ASSERT_EQ(c.deciles.size(), 10u);
    EXPECT_EQ(c.deciles[9].low, -1);
    EXPECT_EQ(c.deciles[9].high, 1);
    EXPECT_NEAR(c.deciles[9].median, 0.5, 1e-6);
    EXPECT_NEAR(c.level(), 0.05, 1e-6);
    EXPECT_TRUE(std::isnan(Coupling().level()));
}

// Wrong if an expert with too few tokens got a correlation of 0.
TEST(Coupling, ExpertsWithoutANumberHaveNone) {
    const Coupling c = read();
    ASSERT_EQ(c.experts.size(), 3u);
    EXPECT_DOUBLE_EQ(c.experts[0].spearman, 0.6);
    EXPECT_TRUE(std::isnan(c.experts[1].spearman));
    EXPECT_TRUE(std::isnan(c.experts[2].gradient));
    EXPECT_EQ(c.experts[2].layer, 1);
}

// Wrong if a damaged or foreign file were shown, or ended the program.
TEST(Coupling, OtherDocumentsAreRefusedInASentence) {
    for (const char* text :
         {"", "[]", "{}", R"({"format": "hopscope.analysis/1", "name": "coupling"})",
          R"({"format": "hopscope.analysis/2", "name": "load"})",
          R"({"format": 3, "name": "coupling"})",
          R"({"format": "hopscope.analysis/2", "name": "coupling", "skipped": "no experts"})"}) {
        const auto read = read_coupling(text, "");
        ASSERT_FALSE(read) << text;
        EXPECT_TRUE(!read.error().message.empty());
    }
    // Fields of another type are numbers that are not there.
    const auto odd = read_coupling(R"({"format": "hopscope.analysis/2", "name": "coupling",
        "result": {"alignment": [{"matched": "x", "cosine": {"value": null, "ci95": [1]}}],
                   "deciles": [{"quartiles": 7}], "layers": 3}})",
                                   "layer,expert\nx,1\n");
    ASSERT_TRUE(odd) << odd.error().message;
    EXPECT_TRUE(std::isnan(odd->of(-1).alignment.front().cosine.value));
    EXPECT_TRUE(odd->experts.empty());
}

// Wrong if a number stood in the table without interval, n or chance.
TEST(Coupling, TheTableHasIntervalsAndChance) {
    const std::string csv = csv_of(read());
    EXPECT_EQ(csv.find("layer,what,value,ci95_low,ci95_high,n,chance\n"), 0u);
    EXPECT_NE(csv.find("\n0,cosine of own expert down,0.3,0.25,0.35,2,-0.001\n"), std::string::npos)
        << csv;
    EXPECT_NE(csv.find("\nall,Spearman median,0.3,"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",0.5\n"), std::string::npos);
}

TEST(Coupling, IntervalsAreShownInBrackets) {
    EXPECT_EQ(shown({0.085, 0.039, 0.131, 192}), "0.0850 [0.0390, 0.131]");
    EXPECT_EQ(shown({0.5, kUnknown, kUnknown, 1}), "0.500");
    EXPECT_EQ(shown({}), "\xE2\x80\x93");
}

}  // namespace
}  // namespace hopscope::app
