// The point renderer where there is no OpenGL; with it: point_renderer_gl_test.cpp.
#include "viz/point_renderer.h"

#include <gtest/gtest.h>

namespace hopscope::viz {
namespace {

// Without a GL context the renderer must say so, not crash.
TEST(PointRenderer, MissingFunctionsAreAnError) {
    PointRenderer renderer;
    EXPECT_FALSE(renderer.start([](const char*) -> void (*)() { return nullptr; }));
    EXPECT_NE(renderer.error().find("OpenGL 3.3"), std::string::npos);
    renderer.set_points({Point{}});
    EXPECT_EQ(renderer.render({}, 10, 10, 0), 0u);
}

}  // namespace
}  // namespace hopscope::viz
