// Notices that the X server is gone. Xlib itself would end the program in the midst of whatever its
// other threads do; here the window thread gets one last call, in which it saves the run. Window
// thread only.
#pragma once

#include <functional>

namespace hopscope::app {

/// From now on `leave` is called when the connection to the X server breaks, from inside the call
/// that noticed it: it must not call GLFW or OpenGL and must end the program; should it return, the
/// program ends with 1. Does nothing where the window is not on X11, and needs no X11 to be
/// linked. Call it on the window thread, after glfwInit.
void on_display_loss(std::function<void()> leave);
/// Forgets `leave`, e.g. before what it uses goes.
void forget_display_loss();

}  // namespace hopscope::app
