// If these fail, a run that leaves its precision open gets one that its processor is slow at, or
// does not keep it.
#include "core/trainer/precision_probe.h"

#include "core/run/run_folder.h"
#include "kernels/ops.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

TEST(PrecisionProbe, NarrowNumbersHaveToBeClearlyFaster) {
    EXPECT_EQ(better_precision({1e-3, 0.5e-3}), Precision::bf16);
    EXPECT_EQ(better_precision({1e-3, 0.9e-3}), Precision::fp32);
    EXPECT_EQ(better_precision({1e-3, 2e-3}), Precision::fp32);
}

TEST(PrecisionProbe, MeasuresBoth) {
    const auto times = time_precisions();
    for (const double seconds : {times.fp32, times.bf16}) {
        EXPECT_GT(seconds, 0);
        EXPECT_LT(seconds, 60);
    }
}

TEST(PrecisionProbe, AProcessorWithoutPairProductsStaysWithFp32) {
    if (!kernels::multiplies_bf16_in_pairs()) {
        EXPECT_EQ(probed_precision(), Precision::fp32);
    }
}

TEST(PrecisionProbe, OnlyAnOpenSettingOfACpuIsDecidedByIt) {
    TrainConfig train;
    Device device;
    for (const auto named : {Precision::fp32, Precision::bf16}) {
        train.precision = device.precision = named;
        EXPECT_EQ(precision_of_new_run(train, device), named);
    }
    train.precision = Precision::automatic;
    device.kind = DeviceKind::cpu;
    device.precision = Precision::fp32;
    EXPECT_EQ(precision_of_new_run(train, device), probed_precision());
    device.kind = DeviceKind::cuda;
    device.precision = Precision::bf16;
    EXPECT_EQ(precision_of_new_run(train, device), Precision::bf16);
}

/// Trains three updates of a run whose configuration leaves the precision open.
class OpenPrecision : public ::testing::Test {
  protected:
    void train(const std::string& out, bool resume, int steps) {
        lab::TrainOptions options;
        options.config_path = resume ? "" : config_;
        options.overrides = {"train.steps=" + std::to_string(steps)};
        options.out = out;
        options.resume = resume;
        const auto done = lab::train(options);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static std::optional<Precision> stored(const std::string& run) {
        const auto folder = RunFolder::open(run, /*writer=*/false);
        return folder ? folder->info().precision : std::nullopt;
    }
    TempFolder folder_;
    std::string config_ =
        test::write_config(folder_ / "c.toml", test::write_corpus(folder_ / "corpus.txt"));
};

TEST_F(OpenPrecision, IsDecidedOnceAndKept) {
    std::string text = test::bytes_of(config_);
    const std::string named = "precision = \"fp32\"";
    ASSERT_NE(text.find(named), std::string::npos);
    text.replace(text.find(named), named.size(), "precision = \"auto\"");
    std::ofstream(config_) << text;
    const std::string run = folder_ / "run";
    train(run, /*resume=*/false, 20);
    EXPECT_EQ(stored(run), probed_precision());
    // It stands in the configuration, so that who goes on does not decide.
    EXPECT_NE(test::bytes_of(run + "/config.toml")
                  .find("precision = \"" + word(probed_precision()) + "\""),
              std::string::npos);
    train(run, /*resume=*/true, 30);
    EXPECT_EQ(stored(run), probed_precision());
}

}  // namespace
}  // namespace hopscope::core
