// Pictures of the window as PNG files. Window thread only, with a current OpenGL
// context, where nothing else is said.
#pragma once

#include <string>
#include <vector>

namespace hopscope::app {

/// A part of the back buffer in its pixels, from the lower left corner as OpenGL counts.
struct PixelRect {
    int x = 0, y = 0, width = 0, height = 0;
};

struct Pixels {
    int width = 0, height = 0;
    std::vector<unsigned char> rgb;  ///< lowest row first
};

/// A part of the back buffer of the current context, before the swap.
Pixels grab_framebuffer(const PixelRect& part);
/// The bytes of a PNG file; "" of a picture without pixels. Any thread, one at a time.
std::string png_of(const Pixels& pixels);
/// "" on success, else why not. Any thread, one at a time.
std::string write_png(const std::string& path, const Pixels& pixels);

}  // namespace hopscope::app
