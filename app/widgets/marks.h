// Small marks that both geometry panels draw: the colour square of an expert and shares in percent.
// Window thread only, inside an ImGui window.
#pragma once

#include <imgui.h>
#include <string>

namespace hopscope::app {

/// A square of 9 × `scale` pixels in the middle of the line; the next item follows on it.
void swatch(ImU32 color, float scale);

/// "31 %", "8.7 %"; a dash where nothing was measured.
std::string percent(double share, int decimals);

}  // namespace hopscope::app
