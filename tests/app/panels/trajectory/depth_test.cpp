// Depths of the tokens of a trace, computed without a window.
#include "app/panels/trajectory/depth.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/long_trace.h"

namespace hopscope::app {
namespace {

// Wrong if hops that were left out counted, or layers that do not route.
TEST(TokenDepths, CountsTheHopsThatRan) {
    core::TraceResult trace = gui_test::long_trace(2, 3, 16, 4);
    trace.layers.push_back({});  // a dense layer
    const TokenDepths depths = token_depths(trace);
    EXPECT_EQ(depths.most, 3);
    EXPECT_EQ(depths.depth_of(0, 0), 1);
    EXPECT_EQ(depths.depth_of(1, 0), 2);
    EXPECT_EQ(depths.depth_of(1, 1), 3);
    EXPECT_FLOAT_EQ(depths.depth_of(1, -1), 2.5f);
    EXPECT_TRUE(std::isnan(depths.depth_of(1, 2)));
    // Layer 0: 1 2 3 1; layer 1: 2 3 1 2.
    EXPECT_EQ(depths.histogram(0), (std::vector<int64_t>{2, 1, 1}));
    EXPECT_EQ(depths.histogram(-1), (std::vector<int64_t>{3, 3, 2}));
    EXPECT_FLOAT_EQ(depths.mean(-1), 15.0f / 8);
}

// Wrong if two depths looked alike, or a model of a single hop had no colour.
TEST(TokenDepths, ColoursTellDepthsApart) {
    for (const bool dark : {true, false}) {
        for (int depth = 1; depth < 4; ++depth)
            EXPECT_NE(depth_color(static_cast<float>(depth), 4, dark),
                      depth_color(static_cast<float>(depth + 1), 4, dark));
        EXPECT_EQ(depth_color(1, 1, dark), depth_color(4, 4, dark));
    }
}

}  // namespace
}  // namespace hopscope::app
