// Draws tens of thousands of points and lines into a texture with OpenGL 3.3 core: round glyphs
// with smooth edges made in a shader, redrawn only when data, camera, size or background changed.
// Window thread, with the main GL context current; owned by a panel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace hopscope::viz {

enum class Glyph : uint32_t { disc, ring, square, diamond };

/// One point as the vertex buffer holds it.
struct Point {
    float x = 0, y = 0, z = 0;
    float size = 1;        ///< diameter in pixels
    uint32_t color = 0;    ///< 0xAABBGGRR, straight alpha
    uint32_t outline = 0;  ///< colour of the 1.2-pixel edge; alpha 0: none
    Glyph glyph = Glyph::disc;
};

/// One straight line between two points, its colour running from one end to the other.
struct Segment {
    float x0 = 0, y0 = 0, z0 = 0;
    float x1 = 0, y1 = 0, z1 = 0;
    uint32_t color0 = 0, color1 = 0;
    float width = 1;  ///< pixels
};

/// Finds a GL function by name in the current context, e.g. glfwGetProcAddress.
using GlLoader = void (*(*)(const char* name))();

class PointRenderer {
  public:
    PointRenderer();
    ~PointRenderer();
    PointRenderer(const PointRenderer&) = delete;
    PointRenderer& operator=(const PointRenderer&) = delete;

    /// Compiles the shaders. → whether it works here; otherwise error() says why, and nothing else
    /// may be called. Safe to call again: returns the first answer.
    bool start(GlLoader loader);
    const std::string& error() const;

    /// Points are drawn in order, later ones in front; segments lie under all points.
    void set_points(const std::vector<Point>& points);
    void set_segments(const std::vector<Segment>& segments);
    /// Draws if anything changed since the last call. `matrix` world → clip, column-major; `width`,
    /// `height` in pixels of the texture; `background` 0xAABBGGRR; `most` points in this call:
    /// where the processor draws, a large picture takes several. Restores the GL state it touches.
    /// → the texture's name (row 0 is the lower edge) of the last whole picture; where there is
    /// none of this size, of what is there of the one that is drawn; 0 where none could be made.
    unsigned render(const std::array<float, 16>& matrix, int width, int height, uint32_t background,
                    float pixel_ratio = 1.0f, size_t most = kAllPoints);
    static constexpr size_t kAllPoints = std::numeric_limits<size_t>::max();
    /// No picture is half drawn. Data, camera or size that change before it is whole begin another.
    bool whole() const;
    /// How many pictures became whole; for tests of "redrawn only when something changed".
    uint64_t draws() const;

  private:
    struct Gl;
    std::unique_ptr<Gl> gl_;
};

}  // namespace hopscope::viz
