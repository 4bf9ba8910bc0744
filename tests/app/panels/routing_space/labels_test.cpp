// What is written over the points of the routing space.
#include "app/panels/routing_space/labels.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if numbers of hops that lie at one place were written over each other, or one that has room
// left its place.
TEST(RoutingSpaceLabels, BoxesKeepApart) {
    std::vector<Box> boxes;
    for (int i = 0; i < 9; ++i)
        boxes.push_back({ImVec2(100 + 2.0f * static_cast<float>(i % 3), 100), ImVec2(17, 17)});
    boxes.push_back({ImVec2(100, 100), ImVec2(90, 19)});
    boxes.push_back({ImVec2(400, 400), ImVec2(90, 19)});
    const auto at = kept_apart(boxes);
    ASSERT_EQ(at.size(), boxes.size());
    for (size_t i = 0; i < at.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            EXPECT_TRUE(
                std::fabs(at[i].x - at[j].x) >= (boxes[i].size.x + boxes[j].size.x) / 2 - 0.01f ||
                std::fabs(at[i].y - at[j].y) >= (boxes[i].size.y + boxes[j].size.y) / 2 - 0.01f)
                << i << " " << j;
    for (const size_t free : {size_t{0}, size_t{10}}) {
        EXPECT_EQ(at[free].x, boxes[free].middle.x);
        EXPECT_EQ(at[free].y, boxes[free].middle.y);
    }
    for (size_t i = 0; i < at.size(); ++i)
        EXPECT_LT(std::hypot(at[i].x - boxes[i].middle.x, at[i].y - boxes[i].middle.y), 100)
            << "it still belongs to its point";
    EXPECT_EQ(kept_apart(std::vector<Box>(500, boxes[0])).size(), 500u) << "full, but not lost";
}

}  // namespace
}  // namespace hopscope::app
