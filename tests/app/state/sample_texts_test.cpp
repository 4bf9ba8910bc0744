// Wrong if the words around a token are those of another text.
#include "app/state/sample_texts.h"

#include <gtest/gtest.h>

namespace hopscope::gui_test {
namespace {

using namespace app;

std::pair<int64_t, int64_t> around(const core::GeometrySnapshot& snapshot, int64_t token,
                                   int64_t length) {
    const TextRange text = text_of(snapshot, token, length);
    return {text.begin, text.end};
}

TEST(SampleTexts, AreOfOneLengthOrSaidByTheSnapshot) {
    core::GeometrySnapshot snapshot;
    snapshot.pieces.resize(7);
    using Range = std::pair<int64_t, int64_t>;
    EXPECT_FALSE(knows_texts(snapshot, 0));
    EXPECT_EQ(around(snapshot, 4, 0), Range(4, 5));
    EXPECT_EQ(around(snapshot, 4, 3), Range(3, 6));
    EXPECT_EQ(around(snapshot, 6, 3), Range(6, 7));
    snapshot.text_begins = {0, 2, 6};
    EXPECT_TRUE(knows_texts(snapshot, 0));
    EXPECT_EQ(around(snapshot, 1, 3), Range(0, 2));
    EXPECT_EQ(around(snapshot, 2, 3), Range(2, 6));
    EXPECT_EQ(around(snapshot, 6, 3), Range(6, 7));
}

}  // namespace
}  // namespace hopscope::gui_test
