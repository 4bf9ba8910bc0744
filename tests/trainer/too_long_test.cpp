// How much of a prompt that is too long can be read, with the tokenizer of a run.
#include <gtest/gtest.h>

#include "core/probe/trace.h"
#include "core/trainer/open_run.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

class TooLongPrompt : public test::TrainedRun {};

// Wrong if what is offered were still too long, ended inside a character, left out more than it
// must, or were offered where nothing is too long.
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
        }
    config.model.max_seq_len = 1024;
    EXPECT_EQ(too_long(config, run->tokenizer, words).limit, 0);
    EXPECT_EQ(too_long(config, run->tokenizer, "").limit, 0);
    config.model.max_seq_len = 16;
    EXPECT_GT(too_long(config, run->tokenizer, words).bytes, 0);
}

}  // namespace
}  // namespace hopscope::core
