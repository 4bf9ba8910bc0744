// What a record says of the load and of choices, from sums whose values are known: if this fails, a
// column of metrics.csv says something else than its definition.
#include "core/train/scalars.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(LayerScalarsOf, LoadIsOfTheCountsAndMeansAreOverMicroBatches) {
    LayerStats sum;
    sum.counts = {10, 0, 20, 10};
    sum.entropy = 3;
    sum.max_prob = 1;
    sum.jaccard = {1, 2};
    const LayerScalars of = layer_scalars(sum, 2, 30, 0.5);
    EXPECT_FLOAT_EQ(of.load_max_over_mean, 2);
    EXPECT_FLOAT_EQ(of.load_cv, std::sqrt(0.5F)) << "the standard deviation divides by M";
    EXPECT_FLOAT_EQ(of.dead, 1);
    EXPECT_FLOAT_EQ(of.load_q10, 3) << "linear between 0 and 10";
    EXPECT_FLOAT_EQ(of.load_q50, 10);
    EXPECT_FLOAT_EQ(of.load_q90, 17);
    EXPECT_FLOAT_EQ(of.entropy, 1.5F);
    EXPECT_FLOAT_EQ(of.max_prob, 0.5F);
    EXPECT_FLOAT_EQ(of.jaccard, 0.75F) << "over pairs of hops, too";
    EXPECT_FLOAT_EQ(of.tau, 30);
    EXPECT_FLOAT_EQ(of.moe_scale, 0.5F);
}

// Wrong if counts of micro-batches were lost, or a first one shared its memory with the sum.
TEST(LayerScalarsOf, SumsOfMicroBatches) {
    LayerStats part;
    part.counts = {1, 3};
    part.entropy = 0.25;
    part.jaccard = {0.5};
    std::vector<LayerStats> sum;
    accumulate(sum, {part});
    accumulate(sum, {part});
    ASSERT_EQ(sum.size(), 1u);
    EXPECT_EQ(sum[0].counts, (std::vector<int64_t>{2, 6}));
    EXPECT_EQ(sum[0].entropy, 0.5);
    EXPECT_EQ(sum[0].jaccard, std::vector<double>{1.0});
    EXPECT_EQ(part.counts, (std::vector<int64_t>{1, 3}));
}

}  // namespace
}  // namespace hopscope::core
