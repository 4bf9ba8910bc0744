// Draws what ImGui has put together through OpenGL. Large opaque rectangles, which a window has
// beneath nearly everything, are cleared instead of drawn: where the processor draws, each of
// their pixels would be looked up in the atlas and blended. The picture is the same. Window
// thread only, an OpenGL context is current.
#pragma once

#include <imgui.h>

namespace hopscope::app {

/// Takes the large rectangles out of the lists of `data` and draws it; it may be drawn again, also
/// at another scale.
void render(ImDrawData* data);

}  // namespace hopscope::app
