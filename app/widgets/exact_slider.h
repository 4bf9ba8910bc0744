// A slider for a number that may also be typed exactly: Ctrl+click, also beyond its ends. The value
// stands beside or above it, so that the grab hides nothing. Window thread only, inside an ImGui
// window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

struct SliderRange {
    double low = 0, high = 1;
    bool whole = false, logarithmic = false;
};

/// What the hand did in this frame.
struct SliderUse {
    bool changed = false;   ///< the value
    bool begun = false;     ///< an edit
    bool held = false;      ///< it is still being dragged or typed
    bool released = false;  ///< after a change
};

/// The bar alone, as wide as ImGui's next item. `refusal` (nullptr: allowed) greys it and is its
/// tooltip.
SliderUse exact_slider(const AppState& state, double& value, const SliderRange& range,
                       const char* refusal = nullptr);
/// The bar and its value over the rest of the line.
SliderUse slider_with_value(const AppState& state, double& value, const SliderRange& range);

}  // namespace hopscope::app
