// Means over batches and parts. If these fail, the one number of an analysis rests on other batches
// or parts than it says.
#include "core/analyses/batch_means.h"

#include <gtest/gtest.h>

namespace hopscope::core::analysis {
namespace {

// Fails if a part without the number (a layer of one hop, say) pulls the mean down, or batches are
// made up.
TEST(BatchMeans, PartsWithoutTheNumberDoNotCount) {
    const BatchMean all = mean_over_parts({{{1, 4}}, {}, {{3, 8}}, {{5, 0}}});
    EXPECT_EQ(all.batches, (std::vector<double>{3, 4}));
    EXPECT_TRUE(mean_over_parts({}).batches.empty());
    EXPECT_TRUE(mean_over_parts({{}, {}}).batches.empty());
    const Estimate mean = over_batches(all, 42);
    EXPECT_EQ(mean.value, 3.5);
    EXPECT_EQ(mean.n, 2);
    EXPECT_STREQ(mean.over, "batches");
}

// Fails if the difference is taken the other way round, or not batch by batch: its interval would
// be that of what differs between batches.
TEST(BatchMeans, DifferencesArePaired) {
    const Estimate found = difference_over_batches({11, 22, 33}, {10, 21, 32}, 42);
    EXPECT_EQ(found.value, 1);
    EXPECT_EQ(found.ci95.low, 1);
    EXPECT_EQ(found.ci95.high, 1);
    EXPECT_EQ(found.n, 3);
}

}  // namespace
}  // namespace hopscope::core::analysis
