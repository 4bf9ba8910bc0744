// What a snapshot keeps of single tokens, and the larger sample of a checkpoint: the numbers of the
// trace of the same text, token by token.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/run/geometry_file.h"
#include "core/run/safetensors_file.h"
#include "tests/trainer/trained_run.h"

namespace hopscope {
namespace {

using core::GeometrySnapshot;

class TokenSample : public test::TrainedRun {
  protected:
    static void SetUpTestSuite() {
        test::TrainedRun::SetUpTestSuite();
        core::lab::RoutingDumpOptions o;
        o.run = *runs_ / "run";
        o.out = *runs_ / "dump.safetensors";
        o.positions = true;
        const auto done = core::lab::trace_corpus(o);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static std::vector<float> traced(const std::string& name) {
        const auto file = core::SafetensorsFile::open(*runs_ / "dump.safetensors");
        const auto* t = file ? file->find(name) : nullptr;
        if (!t || t->dtype != "F32") {
            ADD_FAILURE() << name;
            return {};
        }
        std::vector<float> out(t->bytes / sizeof(float));
        std::memcpy(out.data(), t->data, t->bytes);
        return out;
    }
    /// Of the token behind each, as the trace of the text says it.
    static std::vector<float> next_losses(size_t tokens, size_t length = 32) {
        const auto nll = traced("nll"), last = traced("next_nll");
        std::vector<float> out;
        for (size_t t = 0; t < tokens; ++t)
            out.push_back((t + 1) % length ? nll[t + 1] : last[t / length]);
        return out;
    }
    static void expect_traced(const GeometrySnapshot& s, float tolerance) {
        const size_t tokens = s.token_ids.size();
        ASSERT_EQ(s.next_loss.size(), tokens);
        const auto losses = next_losses(tokens);
        for (size_t t = 0; t < tokens; ++t) ASSERT_NEAR(s.next_loss[t], losses[t], 1e-4) << t;
        ASSERT_EQ(s.layers.size(), 2u);
        for (size_t l = 0; l < 2; ++l)
            for (size_t h = 0; h < 2; ++h) {
                const std::string hop =
                    "layers." + std::to_string(l) + ".hops." + std::to_string(h) + ".";
                const auto entropy = traced(hop + "entropy"), position = traced(hop + "position");
                const auto& g = s.layers[l];
                ASSERT_EQ(g.entropy.size(), 2 * tokens);
                ASSERT_EQ(g.positions.size(), 2 * tokens * 8);
                for (size_t t = 0; t < tokens; ++t) {
                    ASSERT_NEAR(g.entropy[h * tokens + t], entropy[t], tolerance) << hop << t;
                    ASSERT_NEAR(g.positions[8 * (h * tokens + t)], position[8 * t], tolerance);
                }
            }
    }
};

// Wrong if a kept snapshot had the entropy of another hop or token, or the loss of a token in place
// of that of the one behind it. The checkpoint is of the same step; files keep halves.
TEST_F(TokenSample, KeptSnapshotsHaveEntropyAndLoss) {
    const auto kept = core::lab::read_kept_snapshot(*runs_ / "run", 30);
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(kept->token_ids.size(), 128u);  // the first batch: 4 sequences of 32
    expect_traced(*kept, 2e-3f);
}

// Wrong if batches were put together in another order than token by token, if the last one were not
// cut, or the larger sample did not begin with the probe sample.
TEST_F(TokenSample, ALargerOneGoesOnBehindTheProbeSample) {
    std::vector<double> shares;
    core::Progress progress;
    progress.report = [&](const std::string&, double share) { shares.push_back(share); };
    const auto got = core::lab::token_sample(*runs_ / "run", 1000, progress);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(got->step, 30);
    ASSERT_EQ(got->token_ids.size(), 31u * 32);  // whole sequences; 7 batches of 4 and one of 3
    EXPECT_EQ(got->pieces.size(), got->token_ids.size());
    expect_traced(*got, 1e-4f);
    const auto kept = core::lab::read_kept_snapshot(*runs_ / "run", 30);
    ASSERT_TRUE(kept.ok());
    EXPECT_TRUE(std::equal(kept->token_ids.begin(), kept->token_ids.end(), got->token_ids.begin()));
    for (size_t l = 0; l < 2; ++l) {
        const auto &a = kept->layers[l], &b = got->layers[l];
        EXPECT_EQ(b.experts, a.experts);
        for (size_t i = 0; i < a.centroids.size(); ++i)
            ASSERT_NEAR(b.centroids[i], a.centroids[i], 1e-3);
        for (size_t e = 0; e < a.load.size(); ++e) ASSERT_NEAR(b.load[e], a.load[e], 1e-6);
        for (size_t h = 0; h < 2; ++h)
            for (size_t i = 0; i < 128 * 2; ++i)
                ASSERT_EQ(b.choices[h * 31 * 32 * 2 + i], a.choices[h * 128 * 2 + i]);
    }
    EXPECT_GT(shares.size(), 8u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
}

// Wrong if more were asked of the text than it has, or a number out of range were taken.
TEST_F(TokenSample, TakesWhatThereIs) {
    const auto all = core::lab::token_sample(*runs_ / "run", core::kMostSampleTokens, {});
    ASSERT_TRUE(all.ok()) << all.error().message;
    EXPECT_EQ(all->token_ids.size(), traced("nll").size());
    const auto one = core::lab::token_sample(*runs_ / "run", 1, {});
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(one->token_ids.size(), 32u);
    for (const int64_t tokens : {int64_t{0}, core::kMostSampleTokens + 1}) {
        const auto none = core::lab::token_sample(*runs_ / "run", tokens, {});
        ASSERT_FALSE(none.ok());
        EXPECT_NE(none.error().message.find("allowed 1 to 50000"), std::string::npos);
    }
    EXPECT_FALSE(core::lab::token_sample(*runs_ / "no_run", 100, {}).ok());
}

// Wrong if a cancelled sample were a shorter one.
TEST_F(TokenSample, IsCancelled) {
    core::Progress progress;
    int polls = 0;
    progress.cancelled = [&] { return ++polls > 3; };
    const auto got = core::lab::token_sample(*runs_ / "run", 1000, progress);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().kind, core::ErrorKind::interrupted);
}

// Wrong if what a snapshot records changed what is trained: the same run with many snapshots and
// with none but the last.
TEST_F(TokenSample, RecordingLeavesTheTrainingAsItIs) {
    train_run("often", {"train.threads=1", "train.steps=12", "train.snapshot_every=1",
                        "train.checkpoint_every=12"});
    train_run("seldom", {"train.threads=1", "train.steps=12", "train.snapshot_every=12",
                         "train.checkpoint_every=12"});
    // The header holds the configuration, in which the two differ.
    const auto numbers_of = [](const std::string& run, const char* file) {
        const std::string bytes = test::bytes_of(test::checkpoint_of(*runs_ / run, 12) + file);
        uint64_t header = 0;
        std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof header));
        return bytes.substr(std::min(bytes.size(), sizeof header + header));
    };
    for (const char* file : {"/model.safetensors", "/optimizer.safetensors"}) {
        EXPECT_FALSE(numbers_of("often", file).empty());
        EXPECT_TRUE(numbers_of("often", file) == numbers_of("seldom", file)) << file;
    }
}

}  // namespace
}  // namespace hopscope
