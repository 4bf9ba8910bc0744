// Pieces of a tokenizer as people read them.
#include "app/widgets/piece_text.h"

#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if a word kept its mark, the mark alone became nothing, or the end of a word could not be
// told from a word.
TEST(PieceText, WordsOfAList) {
    EXPECT_EQ(word_text("\xE2\x96\x81river"), "river");
    EXPECT_EQ(word_text("dy"), "-dy");
    EXPECT_EQ(word_text("."), ".");
    EXPECT_EQ(word_text("7"), "7");
    EXPECT_EQ(word_text("\xE2\x96\x81"), "\xE2\x96\x81");
    EXPECT_EQ(word_text("\n"), "<0x0A>");
    EXPECT_EQ(word_text(""), "<empty>");
}

}  // namespace
}  // namespace hopscope::app
