// Pictures of the window as PNG files. Window thread only, with a current OpenGL context.
#pragma once

#include <string>

namespace hopscope::app {

/// Writes the back buffer of the current context, [height, width] pixels, before the swap. "" on
/// success, else why not.
std::string write_framebuffer(const std::string& path, int width, int height);

}  // namespace hopscope::app
