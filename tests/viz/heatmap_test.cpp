// A matrix as pixels.
#include "viz/heatmap.h"

#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();
uint32_t ink(float t) {
    return packed(ramp_color(Ramp::grey, t));
}

// Wrong if rows and columns were exchanged, or a cell did not fill its pixels.
TEST(Heatmap, CellsFillTheirPixels) {
    const std::vector<float> values = {0, 1, /**/ 1, 1};
    const Raster r = raster_of(values, 2, 2, 6, 4, 0, 1, Ramp::grey, 7u);
    ASSERT_EQ(r.pixels.size(), 24u);
    for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 6; ++x)
            EXPECT_EQ(r.pixels[static_cast<size_t>(y * 6 + x)], ink(y < 2 && x < 3 ? 0.0f : 1.0f))
                << x << " " << y;
}

// Wrong if a picture smaller than the matrix dropped cells instead of taking their mean, or a
// missing value counted as 0.
TEST(Heatmap, PixelsTakeTheMeanOfWhatIsThere) {
    const std::vector<float> values = {0, 1, kNoValue, 1, /**/ 1, 0, kNoValue, kNoValue};
    const Raster r = raster_of(values, 2, 4, 2, 1, 0, 1, Ramp::grey, 7u);
    ASSERT_EQ(r.pixels.size(), 2u);
    const auto red = [](uint32_t pixel) { return static_cast<int>(pixel & 255); };
    EXPECT_NEAR(red(r.pixels[0]), red(ink(0.5f)), 1);
    EXPECT_EQ(r.pixels[1], ink(1));
    EXPECT_EQ(raster_of(std::vector<float>{kNoValue}, 1, 1, 1, 1, 0, 1, Ramp::grey, 7u).pixels[0],
              7u);
}

// Wrong if sizes that contradict each other were read beyond the end.
TEST(Heatmap, ContradictingSizesGiveNothing) {
    EXPECT_TRUE(
        raster_of(std::vector<float>{1, 2}, 2, 2, 4, 4, 0, 1, Ramp::grey, 0).pixels.empty());
    EXPECT_TRUE(raster_of(std::vector<float>{1}, 1, 1, 0, 4, 0, 1, Ramp::grey, 0).pixels.empty());
    const Raster flat = raster_of(std::vector<float>{3}, 1, 1, 1, 1, 2, 2, Ramp::grey, 0);
    EXPECT_EQ(flat.pixels[0], ink(0));
}

}  // namespace
}  // namespace hopscope::viz
