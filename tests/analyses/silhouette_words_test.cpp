// Words for the silhouette. If these fail, tokens of one word are counted as of another, and a word
// stands for itself where words of one class are compared.
#include "core/analyses/silhouette_words.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace hopscope::core::analysis {
namespace {

/// Two function words and sixty content words, each `times` times in turn.
TokenText made_up(int64_t times) {
    TokenText out;
    for (int64_t n = 0; n < times; ++n)
        for (int64_t w = 0; w < 62; ++w) {
            const size_t token = out.ids.size();
            const std::string word = (w < 2 ? "f" : "c") + std::to_string(100 + w);
            out.ids.push_back(static_cast<int32_t>(w));
            out.words.push_back({token, token + 1, word, token, 1});
            out.syntax.push_back(w < 2 ? kFunctionWord : kContentWord);
        }
    return out;
}

TEST(SilhouetteWords, EachTokenOfThePairsKnowsItsWord) {
    const TokenText text = made_up(12);
    Random random(1);
    const auto words = silhouette_words(text, std::ssize(text.ids), random);
    ASSERT_TRUE(words) << words.error().message;
    EXPECT_EQ(words->frequent.size(), 50u);
    ASSERT_EQ(words->pairs.size(), 2u);
    EXPECT_EQ(words->control_words, 4);
    ASSERT_EQ(words->control_word.size(), words->control.tokens.size());
    ASSERT_EQ(words->control.labels.size(), words->control.tokens.size());
    std::map<int32_t, std::set<std::string>> of;
    for (size_t i = 0; i < words->control.tokens.size(); ++i) {
        const auto token = static_cast<size_t>(words->control.tokens[i]);
        of[words->control_word[i]].insert(text.words[token].word);
        EXPECT_EQ(words->control.labels[i], text.syntax[token]);
    }
    std::set<std::string> all;
    EXPECT_EQ(of.size(), 4u);
    for (const auto& [number, names] : of) {
        EXPECT_EQ(names.size(), 1u) << "of the word " << number;
        all.insert(names.begin(), names.end());
    }
    EXPECT_EQ(all.size(), 4u);
    EXPECT_EQ(words->control.tokens.size(), 4u * 12);
    EXPECT_EQ(words->groups.tokens.size(), words->groups.labels.size());
}

TEST(SilhouetteWords, TooShortATextIsRefused) {
    const TokenText text = made_up(4);
    Random random(1);
    const auto words = silhouette_words(text, std::ssize(text.ids), random);
    ASSERT_FALSE(words);
    EXPECT_NE(words.error().message.find("found 8, 200, 40"), std::string::npos)
        << words.error().message;
}

}  // namespace
}  // namespace hopscope::core::analysis
