// How much of a layer's hops is its first one, against models and sums whose factor is known: if
// these fail, `amplification` reports another factor than the one that fits.
#include "core/analyses/amplification.h"

#include <cmath>

#include "core/train/evaluate.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using namespace hopscope::core::analysis;

TEST(Amplification, IsTheNumberOfHopsWhereTheyRepeatThemselves) {
    auto c = tiny();
    c.moe.expert = ExpertKind::fixed;
    c.moe.reroute = Reroute::frozen;
    const Batches data(c);
    const auto w = init_weights(c, 3);
    const auto s = sample_routing({c, w}, *data.source, 4, kQuiet);
    ASSERT_TRUE(s.ok());
    for (const auto& layer : s->layers) {
        const auto found = amplification(layer.first_hop);
        EXPECT_NEAR(found.a, 3, 1e-5);
        EXPECT_NEAR(found.r2, 1, 1e-5);
    }
    // Then the first hop, three times as loud, is the model.
    PassChanges one;
    one.hop_limit = 1;
    FirstHopScale probe({3, 3});
    const auto base = evaluate({c, w}, *data.source, 4, {}, kQuiet);
    const auto amplified = evaluate({c, w}, *data.source, 4, one, kQuiet, &probe);
    const auto alone = evaluate({c, w}, *data.source, 4, one, kQuiet);
    ASSERT_TRUE(base.ok() && amplified.ok() && alone.ok());
    for (size_t b = 0; b < 4; ++b) EXPECT_NEAR(amplified->batches[b], base->batches[b], 1e-5);
    EXPECT_GT(std::abs(alone->loss - base->loss), 1e-5);
}

TEST(Amplification, KnownSums) {
    // h_accum = 2 dh_0 plus a part of equal size across it: a = 2, R² = 4 / 5.
    FirstHop sums;
    sums.product = {2, 2};
    sums.first = {1, 1};
    sums.all = {5, 5};
    EXPECT_NEAR(amplification(sums).a, 2, 1e-12);
    EXPECT_NEAR(amplification(sums).r2, 0.8, 1e-12);
    sums.product[1] = 0;
    const int64_t second[] = {1};
    EXPECT_NEAR(amplification(sums, second).a, 0, 1e-12);
    EXPECT_NEAR(amplification(sums, second).r2, 0, 1e-12);
    EXPECT_EQ(amplification(FirstHop()).a, 1);
}

}  // namespace
