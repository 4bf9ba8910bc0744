// Two traces below each other: which token stands below which, and how alike their choices are.
#include "app/panels/trajectory/alignment.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

/// Tokens as the words of `prompt`, one layer of one hop; token t chooses experts[t].
core::TraceResult traced(const std::string& prompt,
                         std::vector<std::vector<int32_t>> experts = {}) {
    core::TraceResult out;
    out.prompt = prompt;
    for (size_t at = 0; at < prompt.size();) {
        const size_t end = std::min(prompt.find(' ', at), prompt.size());
        core::TraceToken token;
        token.begin = static_cast<int64_t>(at == 0 ? 0 : at - 1);  // with the blank before
        token.end = static_cast<int64_t>(end);
        out.tokens.push_back(token);
        at = end + 1;
    }
    core::TraceHop hop;
    hop.top_k = experts.empty() ? 0 : std::ssize(experts.front());
    for (const auto& choice : experts)
        hop.experts.insert(hop.experts.end(), choice.begin(), choice.end());
    hop.weights.assign(hop.experts.size(), 0.5f);
    hop.executed.assign(out.tokens.size(), 1);
    core::TraceLayer layer;
    layer.hops = {hop};
    out.layers.push_back(std::move(layer));
    return out;
}

// Wrong if a token stood below another than the shift says, or one without a partner got one.
TEST(Alignment, FollowsTheShift) {
    const auto a = traced("a b c d"), b = traced("x y z");
    const Alignment same = alignment_of(a, b, 0);
    EXPECT_EQ(same.below(2), 2);
    EXPECT_EQ(same.below(3), -1);
    EXPECT_EQ(same.pairs(), 3);
    EXPECT_EQ(same.total(), 4);
    const Alignment right = alignment_of(a, b, 2);
    EXPECT_EQ(right.below(1), -1);
    EXPECT_EQ(right.below(2), 0);
    EXPECT_EQ(right.above(1), 3);
    EXPECT_EQ(right.above(2), -1);
    EXPECT_EQ(right.pairs(), 2);
    EXPECT_EQ(right.lead(), 0);
    EXPECT_EQ(right.total(), 5);
    const Alignment left = alignment_of(a, b, -2);
    EXPECT_EQ(left.below(0), 2);
    EXPECT_EQ(left.lead(), 2);
    EXPECT_EQ(left.total(), 6);
    EXPECT_EQ(left.pairs(), 1);
    EXPECT_EQ(alignment_of(a, b, 99).shift, 3) << "one pair stays";
    EXPECT_EQ(alignment_of(a, b, -99).shift, -2);
    EXPECT_EQ(alignment_of(a, {}, 3).pairs(), 0);
}

// Wrong if another word were taken for the same: a part of one, or one in other letters.
TEST(Alignment, FindsTheSameWord) {
    const auto a = traced("the Bank was steep"), b = traced("banks lie by the bank , the bank");
    EXPECT_EQ(word_at(a, 1), "bank");
    EXPECT_EQ(word_at(b, 5), "");
    EXPECT_EQ(word_at(b, 99), "");
    EXPECT_EQ(ends_of_word(b, "bank"), (std::vector<int64_t>{4, 7}));
    EXPECT_EQ(shift_to_word(a, 1, b, 0), 1 - 4);
    EXPECT_EQ(shift_to_word(a, 1, b, -7), 1 - 7) << "the nearest";
    EXPECT_FALSE(shift_to_word(a, 3, b, 0));
    EXPECT_EQ(token_at(a, 4), 1);
    EXPECT_EQ(token_at(a, 99), -1);
}

// A word of several tokens ends at the last of them, whichever of them is selected.
TEST(Alignment, WordsEndAtTheirLastToken) {
    core::TraceResult a = traced("riverbank");
    a.tokens = {{0, "river", 0, 5, 0, {}}, {1, "bank", 5, 9, 0, {}}};
    const auto b = traced("a riverbank");
    EXPECT_EQ(word_at(a, 0), "riverbank");
    EXPECT_EQ(shift_to_word(a, 0, b, 0), 0);
    EXPECT_EQ(shift_to_word(a, 1, b, 0), 0);
}

// The overlap of {1, 2} and {2, 5} is one of three; a token that halted has none.
TEST(Alignment, OverlapsOfChoices) {
    const auto a = traced("a b", {{1, 2}, {3, 4}});
    auto b = traced("x y", {{2, 5}, {4, 3}});
    EXPECT_FLOAT_EQ(overlap(a, 0, b, 0, 0, 0), 1.0f / 3);
    EXPECT_FLOAT_EQ(overlap(a, 1, b, 1, 0, 0), 1);
    EXPECT_FLOAT_EQ(mean_overlap(a, 0, b, 1), 0);
    EXPECT_TRUE(std::isnan(overlap(a, 0, b, 2, 0, 0)));
    EXPECT_TRUE(std::isnan(overlap(a, 0, b, -1, 0, 0)));
    EXPECT_TRUE(std::isnan(overlap(a, 0, b, 0, 1, 0)));
    const SharedExperts shared = shared_experts(a, 0, b, 0, {0, 0});
    EXPECT_EQ(shared.first, std::vector<int64_t>{1});
    EXPECT_EQ(shared.both, std::vector<int64_t>{2});
    EXPECT_EQ(shared.second, std::vector<int64_t>{5});
    b.layers[0].hops[0].executed[0] = 0;
    EXPECT_TRUE(std::isnan(overlap(a, 0, b, 0, 0, 0)));
}

// Wrong if the mean counted pairs that did not run, went without its n, or the others were not
// other pairs.
TEST(Alignment, MeansOverPairs) {
    const auto a = traced("a b c", {{1, 2}, {3, 4}, {5, 6}});
    auto b = traced("x y z", {{1, 2}, {3, 9}, {7, 8}});
    auto hop = paired_hops(a, b, {{0, 0}}, 0).at(0);
    EXPECT_EQ(hop.n, 3);
    const double values[] = {1, 1.0 / 3, 0}, mean = (1 + 1.0 / 3) / 3;
    double squares = 0;
    for (const double v : values) squares += (v - mean) * (v - mean);
    const double half = 1.96 * std::sqrt(squares / 2 / 3);
    EXPECT_NEAR(hop.mean, mean, 1e-6);
    EXPECT_NEAR(hop.low, std::max(mean - half, 0.0), 1e-6);
    EXPECT_NEAR(hop.high, std::min(mean + half, 1.0), 1e-6);
    EXPECT_EQ(hop.other_n, 6);
    EXPECT_FLOAT_EQ(hop.other, 0);
    b.layers[0].hops[0].executed = {0, 1, 0};
    hop = paired_hops(a, b, {{0, 0}}, 0).at(0);
    EXPECT_EQ(hop.n, 1);
    EXPECT_NEAR(hop.mean, 1.0 / 3, 1e-6);
    EXPECT_TRUE(std::isnan(hop.low));
    EXPECT_EQ(hop.other_n, 2);
    EXPECT_TRUE(std::isnan(paired_hops(a, {}, {{0, 0}}, 0).at(0).mean));
}

}  // namespace
}  // namespace hopscope::app
