// Rearrangements of labels: if this fails, a report cannot be made again from its seed.
#include "core/stats/permutation.h"

#include <gtest/gtest.h>
#include <stdexcept>
#include <vector>

namespace hopscope::core::stats {
namespace {

// Fails if another version draws other rearrangements from the same seed: a report could not be
// made again. The numbers are those of Fisher-Yates from the front over the stream of
// core/base/random.h, worked out apart from this code.
TEST(Permutation, RearrangementsFollowFromTheSeed) {
    const std::vector<int32_t> labels{0, 1, 2, 3, 4};
    std::vector<std::vector<int32_t>> seen;
    permute_labels(labels,
                   [&](std::span<const int32_t> moved) {
                       seen.emplace_back(moved.begin(), moved.end());
                       return 0.0;
                   },
                   {3, 7});
    ASSERT_EQ(seen.size(), 4u) << "the labels as they are, and three times rearranged";
    EXPECT_EQ(seen[0], labels);
    EXPECT_EQ(seen[1], (std::vector<int32_t>{3, 0, 1, 4, 2}));
    EXPECT_EQ(seen[2], (std::vector<int32_t>{3, 2, 0, 1, 4}));
    EXPECT_EQ(seen[3], (std::vector<int32_t>{4, 0, 2, 1, 3}));
    EXPECT_THROW(permute_labels(labels, [](auto) { return 0.0; }, {0, 7}), std::invalid_argument);
}

}  // namespace
}  // namespace hopscope::core::stats
