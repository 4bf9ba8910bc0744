#include "core/run/eval_file.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/base/helpers.h"
#include "tests/run/records.h"

namespace hopscope::core {
namespace {

TEST(EvalFile, RoundTripAndDamage) {
    const TempFolder dir;
    EvalRecord record;
    record.run = "first_look";
    record.config_hash = "00ff";
    record.step = 200;
    record.loss = 5.1 / 3;
    record.batches = {1.0 / 3, static_cast<double>(0.1f), NAN, 7};
    record.tokens = 4096;
    ASSERT_TRUE(write_eval(dir / "e.json", record));
    const std::string text = bytes_of(dir / "e.json");
    EXPECT_TRUE(contains(text, "\"format\": \"hopscope.eval/1\""));
    EXPECT_TRUE(contains(text, "\"perplexity\": 5.4739"));
    auto read = read_eval(dir / "e.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->step, 200);
    EXPECT_EQ(read->split, Split::valid);
    EXPECT_EQ(read->loss, record.loss);
    EXPECT_EQ(read->tokens, 4096);
    EXPECT_EQ(read->run, "first_look");
    EXPECT_EQ(read->config_hash, "00ff");
    ASSERT_EQ(read->batches.size(), 4u);
    for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(same_bits(read->batches[i], record.batches[i])) << i;
    std::string other = text;
    other.replace(other.find("\"valid\""), 7, "\"test\"");
    put_bytes(dir / "other.json", other);
    read = read_eval(dir / "other.json");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message,
              dir / "other.json" + ": \"split\": found \"test\", allowed train, valid");
    // A name of one's own says nothing of the step.
    for (const char* name : {"step_last.json", "step_20_seed1.json", "step_00000020.seed7.json"}) {
        ASSERT_TRUE(write_eval(dir / name, record));
        EXPECT_TRUE(read_eval(dir / name)) << name;
    }
    // What an evaluation cannot have found.
    record.batches = {1, 2, 3};
    record.loss = 2;
    ASSERT_TRUE(write_eval(dir / "step_00000200.json", record));
    ASSERT_TRUE(read_eval(dir / "step_00000200.json"));
    const std::string fine = bytes_of(dir / "step_00000200.json");
    const struct {
        const char* key;
        nlohmann::json value;
    } wrong[] = {{"batches", {1, 2, -5.0}},
                 {"batches", {1, 2, 1e300}},
                 {"loss", 0.5},
                 {"loss", 4},
                 {"loss", -2},
                 {"perplexity", -4},
                 {"perplexity", 7.5},
                 {"perplexity", 1e300},
                 {"step", 3}};
    for (const auto& one : wrong) {
        auto damaged = nlohmann::json::parse(fine);
        damaged[one.key] = one.value;
        put_bytes(dir / "step_00000200.json", damaged.dump());
        const auto refused = read_eval(dir / "step_00000200.json");
        ASSERT_FALSE(refused) << one.key << one.value;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contains(refused.error().message,
                             dir / "step_00000200.json" + ": \"" + one.key + "\": found "))
            << refused.error().message;
    }
    // Without the losses of its batches a loss still has a range of its own.
    record.batches = {NAN};
    record.loss = -2;
    ASSERT_TRUE(write_eval(dir / "negative.json", record));
    const auto negative = read_eval(dir / "negative.json");
    ASSERT_FALSE(negative);
    EXPECT_TRUE(contains(negative.error().message, "\"loss\": found -2.0, allowed nats a token"))
        << negative.error().message;
    for (size_t cut = 0; cut + 2 < text.size(); ++cut) {
        put_bytes(dir / "cut.json", text.substr(0, cut));
        auto torn = read_eval(dir / "cut.json");
        ASSERT_FALSE(torn) << cut;
        ASSERT_TRUE(contains(torn.error().message, dir / "cut.json"));
    }
}

}  // namespace
}  // namespace hopscope::core
