// Which names of experts find room beside their centroids.
#include "app/panels/routing_space/names.h"

#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

constexpr Plate kFrame = {ImVec2(0, 0), ImVec2(400, 200)};

// Wrong if a name lay over another centroid or another name, or one without room took the place of
// one that has it.
TEST(RoutingSpaceNames, LieOverNothing) {
    const NamedDisc discs[] = {
        {ImVec2(100, 100), 10}, {ImVec2(160, 100), 10}, {ImVec2(300, 30), 5}, {ImVec2(300, 40), 5}};
    const WantedName names[] = {
        {0, ImVec2(60, 20)}, {1, ImVec2(60, 20)}, {2, ImVec2(60, 20)}, {3, ImVec2(60, 20)}};
    const auto placed = names_with_room(discs, names, kFrame, {}, 10);
    ASSERT_EQ(placed.size(), 4u);
    EXPECT_EQ(placed[0].wanted, 0u);
    EXPECT_FLOAT_EQ(placed[0].at.x, 25) << "left, since right of it is a centroid";
    EXPECT_FLOAT_EQ(placed[1].at.x, 175);
    EXPECT_EQ(placed[2].wanted, 2u);
    EXPECT_FLOAT_EQ(placed[2].at.x, 310);
    EXPECT_FLOAT_EQ(placed[3].at.x, 230) << "left, since right of it is a name";
    // What is selected has its own label, right of the first.
    const Plate label = {ImVec2(20, 95), ImVec2(90, 105)};
    EXPECT_EQ(names_with_room(discs, names, kFrame, {label}, 10)[0].wanted, 1u);
}

// Wrong if a name reached over the frame, or there were more than asked for.
TEST(RoutingSpaceNames, StayInTheFrame) {
    const NamedDisc discs[] = {{ImVec2(390, 100), 4}, {ImVec2(50, 2), 4}, {ImVec2(200, 150), 4}};
    const WantedName names[] = {{0, ImVec2(60, 20)}, {1, ImVec2(60, 20)}, {2, ImVec2(60, 20)}};
    const auto placed = names_with_room(discs, names, kFrame, {}, 10);
    ASSERT_EQ(placed.size(), 2u);
    EXPECT_FLOAT_EQ(placed[0].at.x, 321);
    EXPECT_EQ(placed[1].wanted, 2u);
    EXPECT_EQ(names_with_room(discs, names, kFrame, {}, 1).size(), 1u);
}

}  // namespace
}  // namespace hopscope::app
