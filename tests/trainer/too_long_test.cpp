// How much of a prompt that is too long can be read, with the tokenizer of a run.
#include <gtest/gtest.h>

#include "core/probe/trace.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

class TooLongPrompt : public test::TrainedRun {};

// Wrong if what is offered, beginning or end, were still too long, ended inside a character, left
// out more than it must, or were offered where nothing is too long.
TEST_F(TooLongPrompt, ItsBeginningCanBeRead) {
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run) << run.error().message;
    Config config = run->model.config;
    std::string words, strange;
    for (int i = 0; i < 40; ++i)
        words += "the river bank was steep ", strange += "\xE4\xB8\xAD\xC3\xA9";
    for (const std::string& prompt : {words, strange, words + "\n" + strange})
        for (const int64_t limit : {1, 2, 7, 16, 31}) {
            config.model.max_seq_len = limit;
            const TooLong found = too_long(config, run->tokenizer, prompt);
            EXPECT_EQ(found.limit, limit);
            EXPECT_GT(found.tokens, limit);
            if (found.bytes == 0) continue;  // not even one character fits
            const std::string beginning = prompt.substr(0, static_cast<size_t>(found.bytes));
            const auto pieces = prompt_pieces(config, run->tokenizer, beginning, false);
            ASSERT_TRUE(pieces) << limit << ": " << pieces.error().message;
            EXPECT_GE(pieces->size() + 8, static_cast<size_t>(limit)) << "much is left out";
            EXPECT_NE(static_cast<unsigned char>(prompt[beginning.size()]) & 0xC0, 0x80);
            if (found.end_bytes == 0) {  // not even the last character fits
                EXPECT_LT(limit, 7);
                continue;
            }
            const std::string end =
                prompt.substr(prompt.size() - static_cast<size_t>(found.end_bytes));
            const auto last = prompt_pieces(config, run->tokenizer, end, false);
            ASSERT_TRUE(last) << limit << ": " << last.error().message;
            EXPECT_GE(last->size() + 8, static_cast<size_t>(limit)) << "much is left out";
            EXPECT_NE(static_cast<unsigned char>(end.front()) & 0xC0, 0x80);
        }
    config.model.max_seq_len = 1024;
    EXPECT_EQ(too_long(config, run->tokenizer, words).limit, 0);
    EXPECT_EQ(too_long(config, run->tokenizer, "").limit, 0);
    config.model.max_seq_len = 16;
    EXPECT_GT(too_long(config, run->tokenizer, words).bytes, 0);
}

// Wrong if a prompt that is too long whatever it says is read to the end to tell so, if more tokens
// are claimed than there are, or if one is refused unread that would fit.
TEST_F(TooLongPrompt, AnEndlessOneIsNotRead) {
    const auto run = open_run(*runs_ / "run", Precision::fp32);
    ASSERT_TRUE(run) << run.error().message;
    Config config = run->model.config;
    config.model.max_seq_len = 100;
    const auto refusal = [&](const std::string& prompt) {
        const auto pieces = prompt_pieces(config, run->tokenizer, prompt, false);
        return pieces ? std::string() : pieces.error().message;
    };
    std::string words;
    while (words.size() < 70'000) words += "the river bank was steep ";
    const std::string at_least = "the prompt has at least ";
    const std::string told = refusal(words);
    ASSERT_EQ(told.rfind(at_least, 0), 0u) << told;
    EXPECT_NE(told.find("the model takes 100 (model.max_seq_len)"), std::string::npos) << told;
    const int64_t least = std::stoll(told.substr(at_least.size()));
    const auto all = prompt_pieces(config, run->tokenizer, words, true);
    ASSERT_TRUE(all) << "cut where that is asked for";
    EXPECT_EQ(all->size(), 100u);
    const auto counted = run->tokenizer.encode_prompt(words);
    ASSERT_TRUE(counted);
    EXPECT_GT(least, 100);
    EXPECT_LE(least, std::ssize(*counted));
    const TooLong found = too_long(config, run->tokenizer, words);
    EXPECT_EQ(found.limit, 100);
    EXPECT_EQ(found.bytes, 0) << "how much of it fits was not read";

    // One token a line, the longest that there is.
    std::string separators;
    while (separators.size() < 70'000) separators += config.data.separator + "\r\n";
    const auto lines = run->tokenizer.encode_prompt(separators, config.data.separator);
    ASSERT_TRUE(lines);
    config.model.max_seq_len = std::ssize(*lines);
    EXPECT_EQ(refusal(separators), "");
    config.model.max_seq_len = 100;
    EXPECT_NE(refusal(words + "\xff").find("not UTF-8"), std::string::npos);
    EXPECT_NE(refusal(words.substr(0, 2000)).find("the prompt has "), std::string::npos);
    EXPECT_EQ(refusal(words.substr(0, 2000)).find("at least"), std::string::npos);
    // Up to 64 KiB are read, so that the number of their tokens can be told.
    const size_t read = size_t{64} << 10;
    const auto exact = run->tokenizer.encode_prompt(words.substr(0, read));
    ASSERT_TRUE(exact);
    EXPECT_EQ(refusal(words.substr(0, read))
                  .rfind("the prompt has " + std::to_string(exact->size()) + " tokens", 0),
              0u);
    EXPECT_EQ(refusal(words.substr(0, read + 1)).rfind(at_least, 0), 0u);
}

}  // namespace
}  // namespace hopscope::core
