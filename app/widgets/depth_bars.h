// A row of columns that shows how many (token, layer) pairs ran so many hops. Window thread only,
// inside an ImGui window.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <span>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Over the width of the window, `height` pixels and a line of names below.
/// @param pairs [i] = pairs that ran i + 1 hops
/// @param colors a column's, as many as there are; empty: all amber
void depth_bars(const AppState& state, std::span<const int64_t> pairs, float height,
                const std::string& why, std::span<const ImU32> colors = {});

}  // namespace hopscope::app
