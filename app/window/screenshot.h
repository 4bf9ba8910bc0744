// Pictures of the window as PNG files. Window thread only, with a current OpenGL context.
#pragma once

#include <string>

namespace hopscope::app {

/// A part of the back buffer in its pixels, from the lower left corner as OpenGL counts.
struct PixelRect {
    int x = 0, y = 0, width = 0, height = 0;
};

/// Writes a part of the back buffer of the current context, before the swap. "" on success, else
/// why not.
std::string write_framebuffer(const std::string& path, const PixelRect& part);

}  // namespace hopscope::app
