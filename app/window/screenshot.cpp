#include "app/window/screenshot.h"

#include <GLFW/glfw3.h>
#include <vector>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace hopscope::app {

std::string write_framebuffer(const std::string& path, const PixelRect& part) {
    const auto [x, y, width, height] = part;
    if (width <= 0 || height <= 0) return "the picture has no pixels";
    std::vector<unsigned char> pixels(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(x, y, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels.data());
    stbi_flip_vertically_on_write(1);  // OpenGL's first row is the lowest
    if (!stbi_write_png(path.c_str(), width, height, 3, pixels.data(), width * 3))
        return path + " cannot be written";
    return {};
}

}  // namespace hopscope::app
