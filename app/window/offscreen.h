// A frame without a screen: an OpenGL 3.3 core context that EGL gives without any display server,
// and a target of the picture's size to draw ImGui into. Stands where window.cpp has GLFW. Owner's
// thread only, where its context is current as long as it lives.
#pragma once

#include <memory>
#include <string>

#include "app/window/picture_target.h"
#include "app/window/screenshot.h"
#include "core/api/base.h"

struct ImVec4;

namespace hopscope::app {

class Offscreen {
  public:
    /// The context, ImGui's and ImPlot's, and a target of `width` × `height` pixels. Errors
    /// (failed): no EGL without a display, or none that can OpenGL 3.3; (usage): larger than the
    /// driver draws.
    static core::Result<std::unique_ptr<Offscreen>> open(int width, int height);
    ~Offscreen();
    Offscreen(const Offscreen&) = delete;
    Offscreen& operator=(const Offscreen&) = delete;

    /// Begins ImGui's frame, `seconds` after the one before.
    void begin_frame(double seconds);
    /// Draws what the frame holds over `background`.
    void end_frame(const ImVec4& background);
    /// What was drawn last.
    Pixels picture() const;

    /// Finds a GL function of the context by its name.
    static void (*function(const char* name))();

  private:
    Offscreen() = default;
    std::string start_egl();
    std::string start_target(int width, int height);

    void* display_ = nullptr;  ///< EGLDisplay
    void* context_ = nullptr;  ///< EGLContext
    std::unique_ptr<PictureTarget> target_;
    bool imgui_ = false;
};

}  // namespace hopscope::app
