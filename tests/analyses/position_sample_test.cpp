// If this fails, positions are those of other tokens than the ones asked for.
#include "core/analyses/position_sample.h"

#include <c10/core/GradMode.h>
#include <tuple>

#include "core/probe/trace.h"
#include "core/train/batch_tensors.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

TEST(PositionSample, IsWhatATraceOfTheBatchRecords) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto got = sample_positions({c, w}, *data.source, {1, 11, 14}, kQuiet);
    ASSERT_TRUE(got.ok()) << got.error().message;
    ASSERT_EQ(got->d_space, 4);
    ASSERT_EQ(got->layers[1].size(), 12u);
    for (const auto& [batch, row, place] :
         {std::tuple<int64_t, size_t, size_t>{0, 1, 0}, {0, 11, 1}, {1, 2, 2}}) {
        TraceProbe probe(12, true);
        ForwardOptions options;
        options.probe = &probe;
        forward({c, w}, eval_tensors(*data.source, batch, at::kCPU).ids, options);
        const auto traced = probe.take(c);
        for (size_t i = 0; i < 4; ++i)
            EXPECT_NEAR(got->layers[1][place * 4 + i], traced[1].hops[0].position[row * 4 + i],
                        1e-6);
    }
    auto linear = c;
    linear.moe.router = RouterKind::linear;
    const auto refused =
        sample_positions({linear, init_weights(linear, 1)}, *data.source, {0}, kQuiet);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("linear router"), std::string::npos);
}

}  // namespace
