// A matrix as a picture: one colour a pixel, so that a matrix of any size costs the window one
// textured rectangle. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viz/colour.h"

namespace hopscope::viz {

struct Raster {
    int width = 0, height = 0;
    std::vector<uint32_t> pixels;  ///< [height, width], as packed() makes them
};

/// `values` [rows, columns] → colours of a ramp between `low` and `high`. A pixel shows the mean of
/// the finite values of the cells it covers, `missing` where there is none. Empty for sizes below
/// one.
Raster raster_of(std::span<const float> values, int64_t rows, int64_t columns, int width,
                 int height, float low, float high, ValueColours colours, uint32_t missing);

}  // namespace hopscope::viz
