// The point renderer on a real OpenGL 3.3 context (EGL without a surface): what is drawn, when it
// is drawn again, and that it leaves the context as it was.
#include <EGL/egl.h>
#include <GL/glcorearb.h>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "viz/camera2d.h"
#include "viz/colour.h"
#include "viz/point_renderer.h"

namespace hopscope::viz {
namespace {

/// A context of its own for the whole program; null functions where the machine has none.
class Context {
  public:
    Context() {
        setenv("EGL_PLATFORM", "surfaceless", 0);
        display_ = eglGetDisplay(EGL_DEFAULT_DISPLAY);
        if (display_ == EGL_NO_DISPLAY || !eglInitialize(display_, nullptr, nullptr)) return;
        eglBindAPI(EGL_OPENGL_API);
        const EGLint wanted[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0,
                                 EGL_NONE};
        EGLConfig config = nullptr;
        EGLint count = 0;
        if (!eglChooseConfig(display_, wanted, &config, 1, &count) || count == 0) return;
        const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION,
                                  3,
                                  EGL_CONTEXT_MINOR_VERSION,
                                  3,
                                  EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                  EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                  EGL_NONE};
        context_ = eglCreateContext(display_, config, EGL_NO_CONTEXT, version);
        if (context_ == EGL_NO_CONTEXT) return;
        works_ = eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_) == EGL_TRUE;
    }
    bool works() const { return works_; }

  private:
    EGLDisplay display_ = EGL_NO_DISPLAY;
    EGLContext context_ = EGL_NO_CONTEXT;
    bool works_ = false;
};

template <class Function>
Function gl(const char* name) {
    return reinterpret_cast<Function>(eglGetProcAddress(name));
}

constexpr uint32_t kBackground = 0xff302010u;  // r 0x10, g 0x20, b 0x30
constexpr int kSize = 100;

class RendererGl : public ::testing::Test {
  protected:
    void SetUp() override {
        static Context context;
        if (!context.works()) GTEST_SKIP() << "no OpenGL 3.3 by EGL on this machine";
        ASSERT_TRUE(renderer_.start(eglGetProcAddress)) << renderer_.error();
        camera_.size = {kSize, kSize};
        camera_.zoom = 50;  // the picture shows −1 … 1
    }
    unsigned draw(size_t most = PointRenderer::kAllPoints) {
        return renderer_.render(camera_.matrix(), kSize, kSize, kBackground, 1, most);
    }
    /// The colours of a texture, row 0 below.
    std::vector<uint32_t> pixels(unsigned texture) {
        std::vector<uint32_t> all(kSize * kSize);
        gl<PFNGLBINDTEXTUREPROC>("glBindTexture")(GL_TEXTURE_2D, texture);
        gl<PFNGLGETTEXIMAGEPROC>("glGetTexImage")(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                                                  all.data());
        return all;
    }
    uint32_t pixel(unsigned texture, int x, int y) {
        return pixels(texture)[static_cast<size_t>(y * kSize + x)];
    }
    static Point disc(float x, float y, float size, uint32_t color) {
        Point p;
        p.x = x;
        p.y = y;
        p.size = size;
        p.color = color;
        return p;
    }
    PointRenderer renderer_;
    Camera2d camera_;
};

// A disc must lie where the camera says, be round, and be of its size.
TEST_F(RendererGl, DiscHasPlaceSizeAndRoundEdge) {
    renderer_.set_points({disc(0.5f, 0.5f, 20, 0xff0000ff)});
    const unsigned texture = draw();
    ASSERT_NE(texture, 0u);
    EXPECT_EQ(pixel(texture, 75, 75), 0xff0000ffu);
    EXPECT_EQ(pixel(texture, 75 + 8, 75), 0xff0000ffu);
    EXPECT_EQ(pixel(texture, 75 + 12, 75), kBackground);
    EXPECT_EQ(pixel(texture, 75 + 9, 75 + 9), kBackground) << "corner of the quad: not round";
    EXPECT_EQ(pixel(texture, 25, 25), kBackground);
}

// Later points lie in front; the hit test relies on it.
TEST_F(RendererGl, LaterPointsLieInFront) {
    renderer_.set_points({disc(0, 0, 20, 0xff0000ff), disc(0, 0, 20, 0xff00ff00)});
    EXPECT_EQ(pixel(draw(), 50, 50), 0xff00ff00u);
}

// Half-transparent points must mix with the background, and the texture must stay opaque.
TEST_F(RendererGl, AlphaMixesAndTextureStaysOpaque) {
    renderer_.set_points({disc(0, 0, 20, 0x80ffffff)});
    const uint32_t c = pixel(draw(), 50, 50);
    EXPECT_NEAR(static_cast<double>(c & 255u), 0x10 + (255 - 0x10) * 128 / 255.0, 3);
    EXPECT_EQ(c >> 24, 255u);
}

// Lines lie under points and have the width asked for.
TEST_F(RendererGl, LinesLieUnderPoints) {
    renderer_.set_segments({{-1, 0, 0, 1, 0, 0, 0xff00ffff, 0xff00ffff, 4}});
    renderer_.set_points({disc(0, 0, 10, 0xff0000ff)});
    const unsigned texture = draw();
    EXPECT_EQ(pixel(texture, 20, 50), 0xff00ffffu);
    EXPECT_EQ(pixel(texture, 20, 55), kBackground);
    EXPECT_EQ(pixel(texture, 50, 50), 0xff0000ffu);
}

// A ring and an outline must show what lies under their middle and their edge.
TEST_F(RendererGl, GlyphsDiffer) {
    Point ring = disc(-0.5f, 0, 24, 0xff0000ff);
    ring.glyph = Glyph::ring;
    Point outlined = disc(0.5f, 0, 24, 0xff0000ff);
    outlined.outline = 0xffffffff;
    renderer_.set_points({ring, outlined});
    const unsigned texture = draw();
    EXPECT_EQ(pixel(texture, 25, 50), kBackground);
    EXPECT_NE(pixel(texture, 25 + 11, 50), kBackground);
    EXPECT_EQ(pixel(texture, 75, 50), 0xff0000ffu);
    EXPECT_GT(pixel(texture, 75 + 11, 50) >> 8 & 255u, 240u)
        << "the edge is white, the fill has no green";
}

// Redrawing an unchanged picture each frame would take a core from training.
TEST_F(RendererGl, DrawsOnlyWhenSomethingChanged) {
    renderer_.set_points({disc(0, 0, 10, 0xff0000ff)});
    const unsigned texture = draw();
    const uint64_t before = renderer_.draws();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(draw(), texture);
    EXPECT_EQ(renderer_.draws(), before);
    camera_.pan({3, 0});
    draw();
    EXPECT_EQ(renderer_.draws(), before + 1);
    renderer_.set_points({});
    draw();
    EXPECT_EQ(renderer_.draws(), before + 2);
    renderer_.render(camera_.matrix(), kSize + 20, kSize, kBackground);
    EXPECT_EQ(renderer_.draws(), before + 3);
}

// A large picture that takes several frames must be the one that a single call draws, and the one
// before it must stay on the screen until then.
TEST_F(RendererGl, APictureDrawnInPartsIsTheSameAndIsShownWhole) {
    std::vector<Point> points;
    std::mt19937 random(7);
    std::uniform_real_distribution<float> place(-1, 1);
    for (uint32_t i = 0; i < 100; ++i)
        points.push_back(disc(place(random), place(random), 30, 0x80000000u | i * 0x020701u));
    renderer_.set_segments({{-1, 0, 0, 1, 0, 0, 0xff00ffff, 0xff00ffff, 4}});
    renderer_.set_points(points);
    const auto at_once = pixels(draw());
    EXPECT_TRUE(renderer_.whole());

    renderer_.set_points({disc(0, 0, 20, 0xff0000ff)});
    const auto before = pixels(draw());
    renderer_.set_points(points);
    const uint64_t pictures = renderer_.draws();
    for (int call = 0; call < 3; ++call) {
        EXPECT_EQ(pixels(draw(30)), before) << call;
        EXPECT_FALSE(renderer_.whole());
    }
    EXPECT_EQ(pixels(draw(30)), at_once);
    EXPECT_TRUE(renderer_.whole());
    EXPECT_EQ(renderer_.draws(), pictures + 1);

    // Another camera begins anew; a picture that stands still costs nothing.
    camera_.pan({3, 0});
    draw(60);
    camera_.pan({-3, 0});
    draw(60);
    EXPECT_FALSE(renderer_.whole());
    EXPECT_EQ(pixels(draw(60)), at_once);
    draw(60);
    EXPECT_EQ(renderer_.draws(), pictures + 2);

    // Where there is no picture of this size yet, the part that is drawn is shown.
    const unsigned part = renderer_.render(camera_.matrix(), kSize + 1, kSize, kBackground, 1, 60);
    EXPECT_FALSE(renderer_.whole());
    EXPECT_NE(part, 0u);
    EXPECT_EQ(renderer_.render(camera_.matrix(), kSize + 1, kSize, kBackground, 1, 60), part);
    EXPECT_TRUE(renderer_.whole());
}

// What ImGui's back end relies on must be as it was.
TEST_F(RendererGl, StateIsRestored) {
    const auto get = [](GLenum what) {
        GLint value = 0;
        gl<PFNGLGETINTEGERVPROC>("glGetIntegerv")(what, &value);
        return value;
    };
    gl<PFNGLENABLEPROC>("glEnable")(GL_SCISSOR_TEST);
    gl<PFNGLVIEWPORTPROC>("glViewport")(1, 2, 3, 4);
    renderer_.set_points({disc(0, 0, 10, 0xff0000ff)});
    draw();
    GLint view[4] = {};
    gl<PFNGLGETINTEGERVPROC>("glGetIntegerv")(GL_VIEWPORT, view);
    EXPECT_EQ(view[2], 3);
    EXPECT_EQ(get(GL_SCISSOR_TEST), 1);
    EXPECT_EQ(get(GL_FRAMEBUFFER_BINDING), 0);
    EXPECT_EQ(get(GL_CURRENT_PROGRAM), 0);
    EXPECT_EQ(get(GL_VERTEX_ARRAY_BINDING), 0);
    EXPECT_EQ(gl<PFNGLGETERRORPROC>("glGetError")(), static_cast<GLenum>(GL_NO_ERROR));
    gl<PFNGLDISABLEPROC>("glDisable")(GL_SCISSOR_TEST);
}

// Points without a finite place must not disturb the others.
TEST_F(RendererGl, RubbishIsHarmless) {
    renderer_.set_points({disc(NAN, 0, 10, 0xff0000ff), disc(INFINITY, 0, 10, 0xff0000ff),
                          disc(0, 0, 10, 0xff00ff00)});
    EXPECT_EQ(pixel(draw(), 50, 50), 0xff00ff00u);
}

}  // namespace
}  // namespace hopscope::viz
