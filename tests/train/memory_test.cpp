// If these fail, a training step holds tensors that nobody accounted for: a run that `info`
// promises to fit would not.
#include <ATen/Parallel.h>
#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/model/weights.h"
#include "core/text/batches.h"
#include "core/text/token_file.h"
#include "core/train/engine.h"
#include "kernels/peak_memory.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

constexpr double kAllowed = 1.3;

/// Some 20 million parameters, most of them matrices.
Config wide() {
    Config c;
    c.model = {.d_model = 512,
               .n_layers = 4,
               .n_heads = 8,
               .vocab_size = 16000,
               .max_seq_len = 256,
               .dropout = 0.1};
    c.moe.experts = 1024;
    c.moe.top_k = 12;
    c.moe.hops = {1};
    c.train.batch = 4;
    c.train.seq_len = 256;
    c.train.precision = Precision::fp32;
    return c;
}

Config deep() {
    auto c = wide();
    c.moe.top_k = 4;
    c.moe.hops = {3};
    return c;
}

/// Bytes in fp32, counted by hand: weights, gradients, two moments; per token and
/// layer the block input, two normalised inputs, q, k, v, mixed values and the attention's output,
/// per hop its input beyond the first and what routing keeps (position, choices, weights,
/// pre-activations), the result of the layer; one chunk of logits, which become their gradient.
double listed(const Config& c, int64_t parameters) {
    const auto d = static_cast<double>(c.model.d_model), s = static_cast<double>(c.moe.d_space);
    const auto k = static_cast<double>(c.moe.top_k);
    const double hops = static_cast<double>(c.moe.hops[0]);
    const double tokens = static_cast<double>(c.train.batch * c.train.seq_len);
    const double layer = 8 * d + d + (hops - 1) * d + hops * (s + k * 4);
    const double head = std::clamp(d, 256.0, 1024.0) * static_cast<double>(c.model.vocab_size);
    return 4 * (4.0 * static_cast<double>(parameters) +
                tokens * (layer * static_cast<double>(c.model.n_layers) + 2 * d) + head);
}

double measured(const Config& config, int64_t& parameters) {
    test::TempFolder dir;
    auto writer = TokenFileWriter::create(dir / "t.tokens", config.model.vocab_size);
    std::vector<int32_t> ids;
    for (int i = 0; i < 6000; ++i)
        ids.push_back(static_cast<int32_t>((i * int64_t{7919}) % config.model.vocab_size));
    EXPECT_TRUE(writer->append(ids).ok());
    EXPECT_TRUE(writer->finish("c", "t").ok());
    const auto data = BatchSource::create(*TokenFile::open(dir / "t.tokens"), config.train.batch,
                                          config.train.seq_len, 42);
    EXPECT_TRUE(data.ok());
    const kernels::PeakMemory memory;
    Engine engine(untrained(initial_model(config, 42)));
    parameters = engine.state().model.weights.parameters();
    EXPECT_TRUE(engine.update(*data, [] {}).ok());
    return static_cast<double>(memory.peak());
}

void check(const char* name, const Config& config) {
    int64_t parameters = 0;
    const double bytes = measured(config, parameters), expected = listed(config, parameters);
    std::printf("%s: %.1fM parameters, peak %.0f MB, listed %.0f MB, %.2f times\n", name,
                static_cast<double>(parameters) / 1e6, bytes / 1e6, expected / 1e6,
                bytes / expected);
    EXPECT_LE(bytes, kAllowed * expected) << name;
    EXPECT_GE(bytes, 16.0 * static_cast<double>(parameters)) << name << ": not everything counted";
}

TEST(StepMemory, WideStaysWithinTheList) {
    check("wide 1x12", wide());
}

TEST(StepMemory, DeepStaysWithinTheList) {
    check("deep 3x4", deep());
}

/// Attention's dropout once kept [B, heads, T, T] three times a layer.
TEST(StepMemory, LongSequencesKeepNoPairsOfTokens) {
    auto config = wide();
    config.model.max_seq_len = 1024;
    config.train.batch = 1;
    config.train.seq_len = 1024;
    check("wide 1x12, 1,024 tokens a sequence", config);
}

}  // namespace
}  // namespace hopscope::core
