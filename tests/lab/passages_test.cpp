// Passages of a run's validation text for the window's prompts.
#include <set>

#include "core/probe/trace.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core::lab {
namespace {

class PassagesOfARun : public test::TrainedRun {
  protected:
    static void SetUpTestSuite() {
        TrainedRun::SetUpTestSuite();
        train_run("synthetic",
                  {"train.threads=1", "train.steps=2", "data.source=synthetic", "data.train="});
    }
};

/// Whether the byte is the last one of the word in the text.
bool ends_word(const std::string& text, int64_t byte, const std::string& word) {
    if (byte < 0 || static_cast<size_t>(byte) >= text.size()) return false;
    const auto end = static_cast<size_t>(byte) + 1;
    if (end < word.size()) return false;
    std::string found = text.substr(end - word.size(), word.size());
    for (char& c : found) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return found == word;
}

// Wrong if a passage were longer than asked, empty, of several lines, or the same seed gave others.
TEST_F(PassagesOfARun, ComeFromTheText) {
    PassageRequest request;
    request.tokens = 12;
    const auto found = passages(*runs_ / "run", request, {});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_GT(found->tokens, 0);
    EXPECT_GT(found->read, 0);
    ASSERT_FALSE(found->passages.empty());
    EXPECT_LE(std::ssize(found->passages), request.passages);
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run);
    std::set<std::string> texts;
    for (const Passage& passage : found->passages) {
        EXPECT_TRUE(texts.insert(passage.text).second) << passage.text;
        EXPECT_EQ(passage.text.find('\n'), std::string::npos);
        const auto pieces = prompt_pieces(run->model.config, run->tokenizer, passage.text, false);
        ASSERT_TRUE(pieces) << pieces.error().message;
        EXPECT_LE(pieces->size(), 14u);
        EXPECT_LT(passage.begin, found->tokens);
    }
    const auto again = passages(*runs_ / "run", request, {});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->passages.front().text, found->passages.front().text);
    request.seed = 2;
    const auto other = passages(*runs_ / "run", request, {});
    ASSERT_TRUE(other);
    bool differs = other->passages.size() != found->passages.size();
    for (const Passage& passage : other->passages) differs |= !texts.contains(passage.text);
    EXPECT_TRUE(differs);
    EXPECT_FALSE(passages(*runs_ / "none", request, {}));
}

// Wrong if a pair were not of one word, or the meanings that the text itself knows were not two.
TEST_F(PassagesOfARun, PairsHoldTheSameWord) {
    const auto found = passages(*runs_ / "synthetic", {}, {});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->meanings_known);
    ASSERT_FALSE(found->pairs.empty());
    for (const PassagePair& pair : found->pairs) {
        EXPECT_TRUE(ends_word(pair.first.text, pair.first_at, pair.word))
            << pair.word << ": " << pair.first.text;
        EXPECT_TRUE(ends_word(pair.second.text, pair.second_at, pair.word))
            << pair.word << ": " << pair.second.text;
        EXPECT_FALSE(pair.first_meaning.empty());
        EXPECT_NE(pair.first_meaning, pair.second_meaning);
    }
    const auto plain = passages(*runs_ / "run", {}, {});
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_FALSE(plain->meanings_known);
    for (const PassagePair& pair : plain->pairs) {
        EXPECT_TRUE(ends_word(pair.first.text, pair.first_at, pair.word));
        EXPECT_TRUE(ends_word(pair.second.text, pair.second_at, pair.word));
        EXPECT_NE(pair.first.text, pair.second.text);
    }
}

}  // namespace
}  // namespace hopscope::core::lab
