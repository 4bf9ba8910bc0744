// Training tokenizers on texts that SentencePiece cannot take as they are, and what is said where
// it cannot take them at all.
#include "core/text/tokenizer_train.h"

#include <cstdlib>
#include <signal.h>

#include "core/text/child_work.h"
#include "helpers.h"

namespace hopscope::core {
namespace {

/// Lines of words over `letters`.
std::string words_over(const std::vector<std::string>& letters, int64_t lines, int64_t words,
                       int64_t length) {
    Random random(5);
    std::string text;
    for (int64_t l = 0; l < lines; ++l)
        for (int64_t w = 0; w < words; ++w) {
            for (int64_t i = 0; i < length; ++i) text += letters[random.below(letters.size())];
            text += w + 1 < words ? ' ' : '\n';
        }
    return text;
}

void expect_round_trip(const std::string& model, const std::string& line) {
    const auto tokenizer = value_of(Tokenizer::from_bytes(model, "m"));
    const auto ids = value_of(tokenizer.encode_line(line));
    EXPECT_EQ(value_of(tokenizer.decode(ids)), line);
    EXPECT_EQ(tokenizer.piece(ids.front()).substr(0, 3), "▁") << "no piece for the blank";
}

// Fails if rare blanks end SentencePiece's process: it leaves out characters below 0.05 %, and then
// takes whole lines for words.
TEST(TokenizerTraining, LongLinesWithRareBlanks) {
    TokenizerSpec spec;
    spec.vocab_size = 280;
    const auto text = words_over({"A", "C", "G", "T"}, 2, 20, 2000);
    const auto model = value_of(train_on(text, spec));
    EXPECT_EQ(Tokenizer::from_bytes(model, "m")->size(), 280);
    expect_round_trip(model, "ACGT GATTACA");
}

TEST(TokenizerTraining, ChineseWithRareBlanks) {
    std::vector<std::string> letters;
    for (int i = 0; i < 40; ++i)
        letters.push_back(std::string("\xe4\xb8") + static_cast<char>(0x80 + i));
    TokenizerSpec spec;
    spec.vocab_size = 330;
    for (const TokenizerKind type : {TokenizerKind::bpe, TokenizerKind::unigram}) {
        spec.type = type;
        const auto model = value_of(train_on(words_over(letters, 1, 12, 4000), spec));
        EXPECT_EQ(Tokenizer::from_bytes(model, "m")->size(), 330);
        expect_round_trip(model, letters[3] + letters[4] + " " + letters[5]);
    }
}

// Fails if the text that is said to be too small has another size than it has: lines without their
// ends, the sample alone where one is drawn.
TEST(TokenizerTraining, ARefusalCountsTheLinesAndBytesItRead) {
    TokenizerSpec spec;
    spec.vocab_size = 5000;
    const auto complaint = [&](const std::string& text) {
        const auto model = train_on(text, spec);
        EXPECT_FALSE(model.ok());
        return model ? std::string() : model.error().message;
    };
    const auto expect = [&](const std::string& text, const std::string& size) {
        const std::string said = complaint(text);
        EXPECT_NE(said.find("from sample (" + size + ")"), std::string::npos) << said;
    };
    expect("abc\nde\nf g\n", "3 lines, 8 bytes");
    expect("abcdefgh", "1 lines, 8 bytes");
    spec.max_lines = 2;
    expect("abcd\nbcda\ncdab\ndabc\n", "2 lines, 8 bytes");
}

// Fails if a message speaks of options of SentencePiece, or does not say what would do.
TEST(TokenizerTraining, ReasonsAreInOurWords) {
    const auto complaint = [](const std::string& text, int64_t size, TokenizerKind type) {
        TokenizerSpec spec;
        spec.vocab_size = size;
        spec.type = type;
        const auto model = train_on(text, spec);
        EXPECT_FALSE(model.ok());
        if (model) return std::string();
        EXPECT_EQ(model.error().kind, ErrorKind::usage);
        EXPECT_LT(model.error().message.size(), 400u);
        for (const char* foreign :
             {"--", "character_coverage", "required_chars", ".cc", "Internal"})
            EXPECT_EQ(model.error().message.find(foreign), std::string::npos)
                << model.error().message;
        return model.error().message;
    };
    for (const TokenizerKind type : {TokenizerKind::bpe, TokenizerKind::unigram}) {
        // 3 control pieces, 256 bytes, the blank and four letters.
        EXPECT_NE(complaint("abcd bcda\n", 262, type).find("need 264 pieces"), std::string::npos);
        EXPECT_NE(complaint("abcd bcda\n", 5000, type).find("pieces at most"), std::string::npos);
        complaint("   \n", 300, type);
    }
}

// Fails if the child's end is not told as what it was.
TEST(ChildWork, TellsHowTheProcessEnded) {
    const auto end = [](const std::function<void()>& how) {
        const auto result = run_in_child("the process that tests",
                                         [&]() -> Result<std::string> {
                                             how();
                                             return std::string("never");
                                         },
                                         {});
        EXPECT_FALSE(result.ok());
        if (result) return std::string();
        EXPECT_EQ(result.error().kind, ErrorKind::failed);
        return result.error().message;
    };
    EXPECT_EQ(end([] {
                  ::signal(SIGSEGV, SIG_DFL);
                  ::raise(SIGSEGV);
              }),
              "the process that tests was ended by signal 11 (SIGSEGV), and gave no reason");
    EXPECT_EQ(end([] { ::_exit(3); }),
              "the process that tests ended with exit code 3, and gave no reason");
    EXPECT_EQ(end([] {
                  std::fputs("first\nx.cc(7) [ok] broken\x1b[2J\n", stderr);
                  ::_exit(1);
              }),
              "the process that tests ended with exit code 1; it said last: x.cc(7) [ok] "
              "broken\\x1b[2J");
    EXPECT_NE(end([] { ::raise(SIGKILL); }).find("memory ran out"), std::string::npos);
    EXPECT_EQ(*run_in_child("x", [] { return Result<std::string>(std::string("fine")); }, {}),
              "fine");
}

// Fails if bytes that are no UTF-8 become U+FFFD, and nobody is told.
TEST(Tokenizer, LinesThatAreNotUtf8AreRefused) {
    const auto ids = small_tokenizer().encode_line("ab\xff");
    ASSERT_FALSE(ids.ok());
    EXPECT_EQ(ids.error().kind, ErrorKind::usage);
    EXPECT_NE(ids.error().message.find("byte 2 of the line"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core
