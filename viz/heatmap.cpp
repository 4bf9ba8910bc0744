#include "viz/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hopscope::viz {
namespace {

struct Cells {
    int64_t from = 0, to = 0;  ///< at least one
};

/// The cells that pixel `i` of `pixels` covers.
Cells covered(int64_t i, int64_t pixels, int64_t cells) {
    const int64_t from = i * cells / pixels;
    return {from, std::max(from + 1, (i + 1) * cells / pixels)};
}

}  // namespace

Raster raster_of(std::span<const float> values, int64_t rows, int64_t columns, int width,
                 int height, float low, float high, ValueColours colours, uint32_t missing) {
    Raster out;
    if (rows < 1 || columns < 1 || width < 1 || height < 1 ||
        values.size() < static_cast<size_t>(rows * columns))
        return out;
    std::array<uint32_t, 256> colors;
    for (size_t i = 0; i < colors.size(); ++i)
        colors[i] = packed(colours.at(static_cast<float>(i) / 255.0f));
    const float scale = high > low ? 255.0f / (high - low) : 0.0f;
    out.width = width;
    out.height = height;
    out.pixels.reserve(static_cast<size_t>(width) * static_cast<size_t>(height));
    for (int y = 0; y < height; ++y) {
        const Cells r = covered(y, height, rows);
        if (y > 0 && covered(y - 1, height, rows).from == r.from &&
            covered(y - 1, height, rows).to == r.to) {  // the same cells as the line above
            const size_t above = out.pixels.size() - static_cast<size_t>(width);
            for (int x = 0; x < width; ++x)
                out.pixels.push_back(out.pixels[above + static_cast<size_t>(x)]);
            continue;
        }
        for (int x = 0; x < width; ++x) {
            const Cells c = covered(x, width, columns);
            float sum = 0;
            int count = 0;
            for (int64_t i = r.from; i < r.to; ++i)
                for (int64_t j = c.from; j < c.to; ++j) {
                    const float v = values[static_cast<size_t>(i * columns + j)];
                    if (!std::isfinite(v)) continue;
                    sum += v;
                    ++count;
                }
            const float mean = sum / static_cast<float>(count);
            const bool finite = count > 0 && std::isfinite(mean);
            const float t = finite ? std::clamp((mean - low) * scale, 0.0f, 255.0f) : 0.0f;
            out.pixels.push_back(finite ? colors[static_cast<size_t>(std::lround(t))] : missing);
        }
    }
    return out;
}

}  // namespace hopscope::viz
