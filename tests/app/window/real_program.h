// The whole program on a real screen (or Xvfb) with the real laboratory behind it, as the tests
// that tell a story have it before them: a tiny run that is trained on generated text from the
// start.
#pragma once

#include <functional>

#include "app/window/shell.h"
#include "tests/app/engine_support.h"

namespace hopscope::gui_test::real {

/// Seconds for what trains, on a busy machine; watched by the thread sanitizer it is ten times as
/// slow.
#ifdef __SANITIZE_THREAD__
inline constexpr double kLong = 900;
#else
inline constexpr double kLong = 90;
#endif

inline app::Shell* shell = nullptr;
inline app::AppState* state = nullptr;

/// The configuration of the run, as a file in the working folder; a second that differs from it by
/// its experts stands beside it.
inline constexpr const char *kConfigFile = "tiny.toml", *kFewerExperts = "fewer.toml";

/// Runs the tests that `add` registers, in a folder of their own that goes afterwards.
/// @return exit code
int run_real_program(const char* junit_file, const std::function<void(ImGuiTestEngine*)>& add);

void choose_layout(ImGuiTestContext* ctx, const char* name);
/// A slider jumps to where it is pressed. @param share  0 its left end, 1 its right
void click_slider(ImGuiTestContext* ctx, const char* ref, float share);
/// The window as it stands, into the folder that HOPSCOPE_PICTURES names; nothing without it. Where
/// HOPSCOPE_PICTURES_OF names others, "1280x800@2-light 1920x1080@1-dark", a picture of each: the
/// window takes that size, scale and theme for it, and then its own again.
void take_picture(ImGuiTestContext* ctx, const char* name);

}  // namespace hopscope::gui_test::real
