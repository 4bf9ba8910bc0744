#include "core/base/sets.h"

#include <gtest/gtest.h>
#include <vector>

namespace hopscope::core {
namespace {

TEST(Sets, JaccardOfSizes) {
    EXPECT_EQ(jaccard_of(0, 20, 20), 0.0);
    EXPECT_EQ(jaccard_of(20, 20, 20), 1.0);
    EXPECT_NEAR(jaccard_of(1, 2, 2), 1.0 / 3, 1e-15);
    EXPECT_EQ(jaccard_of(0, 0, 0), 1.0);
}

TEST(Sets, JaccardOfLists) {
    const std::vector<int32_t> a = {7, 3, 5}, b = {5, 9, 7, 1}, none;
    EXPECT_EQ(common_items(a, b), 2) << "in whatever order";
    EXPECT_EQ(jaccard_of(a, b), 2.0 / 5);
    EXPECT_EQ(jaccard_of(a, a), 1.0);
    EXPECT_EQ(jaccard_of(a, none), 0.0);
    EXPECT_EQ(jaccard_of(none, none), 1.0);
}

}  // namespace
}  // namespace hopscope::core
