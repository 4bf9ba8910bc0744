// Words of token sequences: if these fail, an analysis counts pieces, or punctuation, as words.
#include "core/text/words.h"

#include "tests/text/helpers.h"

namespace hopscope::core {
namespace {

TEST(Words, AreWhatTheTextHasBetweenBlanks) {
    const Tokenizer& tokenizer = small_tokenizer();
    const std::string prompt = "The watch, zebra — don't\n3 é waits.";
    std::vector<int32_t> ids;
    for (const auto& p : value_of(tokenizer.encode_prompt(prompt))) ids.push_back(p.id);
    std::vector<std::string> words;
    size_t end = 0;
    for (const auto& w : words_of(tokenizer, ids)) {
        EXPECT_GE(w.begin, end) << "spans follow each other";
        EXPECT_GT(w.end, w.begin);
        end = w.end;
        if (w.word.empty()) continue;
        EXPECT_GE(w.pieces, 1);
        EXPECT_LT(w.last, w.end);
        EXPECT_TRUE(is_word_piece(tokenizer.piece(ids[w.last])));
        words.push_back(w.word);
    }
    EXPECT_EQ(words, (std::vector<std::string>{"the", "watch", "zebra", "don't", "waits"}));
    EXPECT_TRUE(words_of(tokenizer, {}).empty());
    EXPECT_EQ(spelled("<0x54>"), "T") << "a letter that the vocabulary lacks";
    EXPECT_EQ(spelled("<0xgg>"), "<0xgg>");
    EXPECT_EQ(spelled("abc12d"), "abc12d") << "six letters that hold digits are no byte";
    EXPECT_EQ(spelled("<0x54> "), "<0x54> ") << "nor is anything longer";
    EXPECT_TRUE(is_word_piece("<0x54>"));
    EXPECT_FALSE(is_word_piece("<0xC3>")) << "half a character is no letter";
    EXPECT_FALSE(is_word_piece(",."));
    EXPECT_TRUE(is_word_piece("\xe2\x96\x81"));
}

}  // namespace
}  // namespace hopscope::core
