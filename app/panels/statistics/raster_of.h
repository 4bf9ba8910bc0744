// What a heat texture was made of: made anew when one of these changes. A value, window
// thread only.
#pragma once

#include <cstdint>

namespace hopscope::app {

struct RasterOf {
    uint64_t numbers = 0;  ///< version of what it shows
    int width = 0, height = 0;
    bool dark = true;
    bool operator==(const RasterOf&) const = default;
};

}  // namespace hopscope::app
