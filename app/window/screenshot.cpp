#include "app/window/screenshot.h"

#include <GLFW/glfw3.h>

#include "core/api/files.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace hopscope::app {

Pixels grab_framebuffer(const PixelRect& part) {
    Pixels out;
    if (part.width <= 0 || part.height <= 0) return out;
    out.width = part.width;
    out.height = part.height;
    out.rgb.resize(static_cast<size_t>(part.width) * static_cast<size_t>(part.height) * 3);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(part.x, part.y, part.width, part.height, GL_RGB, GL_UNSIGNED_BYTE, out.rgb.data());
    return out;
}

std::string png_of(const Pixels& pixels) {
    std::string bytes;
    if (pixels.rgb.empty()) return bytes;
    stbi_flip_vertically_on_write(1);  // OpenGL's first row is the lowest
    const auto append = [](void* to, void* data, int size) {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data),
                                              static_cast<size_t>(size));
    };
    stbi_write_png_to_func(append, &bytes, pixels.width, pixels.height, 3, pixels.rgb.data(),
                           pixels.width * 3);
    return bytes;
}

std::string write_png(const std::string& path, const Pixels& pixels) {
    const std::string bytes = png_of(pixels);
    if (bytes.empty()) return "the picture has no pixels";
    const auto written = core::write_file_atomic(path, bytes);
    return written ? "" : written.error().message;
}

}  // namespace hopscope::app
