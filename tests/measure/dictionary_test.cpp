// Experts whose words are known because their directions were built from embedding rows. If these
// fail, a dictionary names words that the expert does not write.
#include "core/measure/dictionary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "tests/measure/planted_experts.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

std::vector<int32_t> tokens(const WordList& words) {
    std::vector<int32_t> out;
    for (const auto& w : words) out.push_back(w.token);
    return out;
}

TEST(ReadDirections, NamesTheRowsADirectionWasBuiltFrom) {
    // Orthogonal rows: the score of a word is its weight in the direction.
    const auto embed = at::eye(6);
    const auto direction = embed[4] * 3.0 + embed[1] * 2.0 + embed[0] * 1.0 - embed[5] * 4.0;
    const auto got = read_directions(direction.unsqueeze(0), embed, 3, kQuiet);
    ASSERT_TRUE(got.ok());
    const auto& words = (*got)[0];
    EXPECT_EQ(words.dot, (WordList{{4, 3.0}, {1, 2.0}, {0, 1.0}}));
    EXPECT_EQ(words.negative[0], (ScoredWord{5, 4.0})) << "what it argues against";
    EXPECT_EQ(words.negative[1].token, 2) << "of equal scores the lowest id";
    EXPECT_NEAR(words.cosine[0].score, 3.0 / std::sqrt(30.0), 1e-6);
}

TEST(ReadDirections, CosineAndDotDisagreeAboutLongRows) {
    // Row 0 is ten times as long and points half aside; row 1 is the direction itself.
    const auto embed = at::tensor({10.0F, 10.0F, 1.0F, 0.0F, 0.0F, 1.0F}).reshape({3, 2});
    const auto got = read_directions(at::tensor({1.0F, 0.0F}).unsqueeze(0), embed, 2, kQuiet);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(tokens((*got)[0].dot), (std::vector<int32_t>{0, 1}));
    EXPECT_EQ(tokens((*got)[0].cosine), (std::vector<int32_t>{1, 0}));
}

TEST(ReadDirections, BlocksDoNotChangeTheWords) {
    // 300,000 words of a float: 13 directions a block, so that 40 need four blocks.
    auto gen = at::detail::createCPUGenerator(1);
    const auto embed = at::randn({300'000, 2}, gen), directions = at::randn({40, 2}, gen);
    const auto all = read_directions(directions, embed, 4, kQuiet);
    ASSERT_TRUE(all.ok());
    for (const int64_t i : {0, 13, 39}) {
        const auto one = read_directions(directions.narrow(0, i, 1), embed, 4, kQuiet);
        ASSERT_TRUE(one.ok());
        EXPECT_EQ(tokens((*all)[static_cast<size_t>(i)].dot), tokens((*one)[0].dot)) << i;
    }
}

TEST(ReadDirections, AZeroDirectionHasNoWordsAndCancellingEnds) {
    const auto got = read_directions(at::zeros({1, 3}), at::eye(3), 2, kQuiet);
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE((*got)[0].dot.empty() && (*got)[0].cosine.empty() && (*got)[0].negative.empty());
    Progress stop;
    stop.cancelled = [] { return true; };
    const auto stopped = read_directions(at::eye(3), at::eye(3), 2, stop);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

TEST(WrittenDirections, AreTheRankRowsOfEveryKindOfExpert) {
    auto c = tiny();
    c.moe.expert_rank = 3;
    auto w = init_weights(c, 1);
    const auto rows = written_directions(w.layers[0]);
    ASSERT_EQ(rows.sizes(), (at::IntArrayRef{18, 8}));
    EXPECT_TRUE(rows[7].equal(w.layers[0].up[2][1]));
    c.moe.expert_rank = 1;
    c.moe.expert = ExpertKind::fixed;
    w = init_weights(c, 1);
    EXPECT_TRUE(written_directions(w.layers[0]).equal(w.layers[0].value));
    c.moe.expert = ExpertKind::swiglu;
    c.moe.expert_rank = 2;
    w = init_weights(c, 1);
    EXPECT_TRUE(written_directions(w.layers[1])[3].equal(w.layers[1].up[1][1]));
    c.model.ffn = FfnKind::dense;
    EXPECT_FALSE(written_directions(init_weights(c, 1).layers[0]).defined());
    EXPECT_FALSE(read_dictionary(init_weights(c, 1), {}, kQuiet).ok());
}

TEST(Dictionary, MarksTheExpertThatPointsAtEveryWord) {
    auto gen = at::detail::createCPUGenerator(7);
    // A common part in all rows gives the vocabulary a mean direction.
    const auto embed = at::randn({500, 16}, gen) + at::ones({16});
    auto up = at::randn({40, 1, 16}, gen);
    up[11][0].copy_(embed.mean(0));
    const auto d = read_dictionary(with_experts(embed, up), {}, kQuiet);
    ASSERT_TRUE(d.ok());
    const auto& rows = d->layers[0];
    EXPECT_TRUE(rows[11].hub);
    double highest = -1;
    for (const auto& row : rows)
        if (row.expert != 11) highest = std::max(highest, row.mean_cosine);
    EXPECT_GT(rows[11].mean_cosine, highest);
    EXPECT_LE(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.hub; }), 3);
}

TEST(Dictionary, CohesionIsOneOfEqualAndAboutZeroOfUnrelatedWords) {
    auto gen = at::detail::createCPUGenerator(3);
    auto embed = at::randn({200, 64}, gen);
    for (int64_t v = 20; v < 30; ++v)
        embed[v].copy_(embed[20] * (1.0 + 0.01 * static_cast<double>(v - 20)));
    auto up = at::randn({8, 1, 64}, gen);
    up[2][0].copy_(embed[20]);
    const auto d = read_dictionary(with_experts(embed, up), {}, kQuiet);
    ASSERT_TRUE(d.ok());
    EXPECT_NEAR(d->layers[0][2].cohesion, 1.0, 1e-5);
    EXPECT_NEAR(d->random_cohesion, 0.0, 0.05);
    EXPECT_TRUE(std::isnan(mean_pairwise_cosine(at::ones({1, 3}))));
    EXPECT_NEAR(mean_pairwise_cosine(at::tensor({1.0, 0.0, 0.0, 1.0, -1.0, 0.0}).reshape({3, 2})),
                -1.0 / 3, 1e-6);
}

TEST(Dictionary, TheFinalGainDecidesWhereItIsAskedFor) {
    auto w = with_experts(at::eye(4), at::tensor({3.0F, 2.0F, 1.0F, 0.5F}).reshape({1, 1, 4}));
    w.final_norm_weight = at::tensor({0.1F, 1.0F, 10.0F, 1.0F});
    DictionaryOptions options;
    options.top = 1;
    EXPECT_EQ(read_dictionary(w, options, kQuiet)->layers[0][0].words.dot[0].token, 0);
    options.final_norm = true;
    EXPECT_EQ(read_dictionary(w, options, kQuiet)->layers[0][0].words.dot[0].token, 2);
}

}  // namespace
