// A cloud of tokens put together from passes: everything at its place, and nothing more in memory
// than there must be.
#include "core/trainer/token_cloud.h"

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "core/trainer/peak_memory.h"

namespace hopscope::core {
namespace {

constexpr size_t kHops = 4, kDim = 128;

/// Token t of hop h lies at 10 h + t + first.
TraceLayer traced(size_t tokens, size_t first) {
    TraceLayer layer;
    for (size_t h = 0; h < kHops; ++h) {
        TraceHop& hop = layer.hops.emplace_back();
        hop.top_k = 1;
        hop.d_space = kDim;
        hop.weights.assign(tokens, 1);
        hop.entropy.assign(tokens, 0.5f);
        hop.experts.assign(tokens, static_cast<int32_t>(h));
        hop.position.reserve(tokens * kDim);
        for (size_t t = 0; t < tokens; ++t)
            hop.position.insert(hop.position.end(), kDim, static_cast<float>(10 * h + t + first));
    }
    return layer;
}

// Wrong if the hops of two passes were mixed up, or a part was lost on the way.
TEST(TokenCloud, PassesStandBehindEachOtherInEachHop) {
    TokenCloud cloud;
    cloud.add({traced(2, 0)}, {1, 2});
    cloud.add({traced(3, 2)}, {3, 4, 5});
    GeometrySnapshot out;
    cloud.move_into(out);
    ASSERT_EQ(out.layers.size(), 1u);
    const LayerGeometry& g = out.layers[0];
    EXPECT_EQ(out.next_loss, (std::vector<float>{1, 2, 3, 4, 5}));
    ASSERT_EQ(g.positions.size(), kHops * 5 * kDim);
    for (size_t i = 0; i < g.positions.size(); ++i)
        ASSERT_EQ(g.positions[i], static_cast<float>(10 * (i / kDim / 5) + i / kDim % 5));
    EXPECT_EQ(g.choices.size(), kHops * 5);
    EXPECT_EQ(g.choices.back(), static_cast<int32_t>(kHops - 1));
    EXPECT_EQ(g.weights.size(), kHops * 5);
    EXPECT_EQ(g.entropy.size(), kHops * 5);
}

// Wrong if a layer were in memory twice while its hops are joined: of a run of one layer that would
// be all of a sample.
TEST(TokenCloud, OneHopAloneIsThereTwice) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "what is freed stays in memory";
#endif
    constexpr size_t kTokens = 40'000;
    constexpr auto kHopBytes = static_cast<int64_t>(kTokens * kDim * sizeof(float));
    TokenCloud cloud;
    cloud.add({traced(kTokens, 0)}, std::vector<float>(kTokens, 1));
    reset_peak_memory(at::kCPU);
    const int64_t before = peak_memory(at::kCPU);
    if (before == 0) GTEST_SKIP() << "the system does not tell";
    GeometrySnapshot out;
    cloud.move_into(out);
    EXPECT_EQ(out.layers.at(0).positions.size(), kHops * kTokens * kDim);
    EXPECT_LT(peak_memory(at::kCPU) - before, 2 * kHopBytes);
}

}  // namespace
}  // namespace hopscope::core
